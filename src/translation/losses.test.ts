import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../errors.ts'
import type { Warning } from '../ir/index.ts'
import { createLosses } from './losses.ts'

const fieldPath = (path: string): string => (path === 'sampling.topK' ? 'generationConfig.topK' : path)

const lossesOf = (strict: boolean) => {
  const told: Warning[] = []
  return { told, losses: createLosses({ target: 'x', fieldPath, strict, onLoss: (one) => told.push(one) }) }
}

const refusal = (run: () => unknown): GatewayError => {
  try {
    run()
  } catch (error) {
    if (error instanceof GatewayError) return error
  }
  throw new Error('nothing was refused')
}

describe('a loss', () => {
  test('is told once, in the words of the client', () => {
    const { told, losses } = lossesOf(false)
    losses.warn('dropped', 'top k', 'sampling.topK', 'no counterpart')
    losses.warn('dropped', 'top k', 'sampling.topK', 'no counterpart')
    losses.warn('dropped', 'name', 'messages[1]', 'no counterpart')
    expect(losses.list.map(({ path }) => path)).toEqual(['generationConfig.topK', 'messages[1]'])
    expect(told).toEqual([...losses.list])
  })

  test('refuses a strict request, until it is on its way', () => {
    const { told, losses } = lossesOf(true)
    const error = refusal(() => losses.warn('approximated', 'top k', 'sampling.topK', 'no counterpart'))
    expect([error.code, error.param]).toEqual(['gateway_translation_unsupported', 'generationConfig.topK'])
    expect(error.message).toContain('generationConfig.topK')
    expect(told).toEqual([])
    losses.sent()
    losses.warn('dropped', 'stop reason', 'stop_reason', 'no counterpart')
    expect(told).toHaveLength(1)
  })

  test('does not fill memory, whatever the history holds', () => {
    const { losses } = lossesOf(false)
    for (let index = 0; index < 1000; index++) losses.warn('dropped', 'name', `messages[${index}]`, 'x')
    expect(losses.list).toHaveLength(100)
  })
})

test('a refusal names the place in the request', () => {
  const { losses } = lossesOf(false)
  const error = refusal(() => losses.refuse('domain list', 'tools[0]', 'no counterpart'))
  expect(error.param).toBe('tools[0]')
  expect(error.row.status).toBe(400)
})
