import { describe, expect, test } from 'bun:test'
import { attemptRow } from '../../../test/support/ledger-rows.ts'
import { EntryDraft } from './entry-draft.ts'

const draft = () => new EntryDraft((handle) => handle as never)
const bound = (cost: bigint | null, inputTokens = 10, outputTokens: number | undefined = 20) => ({
  cost,
  inputTokens,
  outputTokens,
})

describe('what an exchange can come to', () => {
  test('is the bounds of the calls that run', () => {
    const entry = draft()
    expect(entry.bound(1, bound(500n))).toEqual(bound(500n))
    expect(entry.fork().bound(2, bound(30n))).toEqual(bound(530n, 20, 40))
    expect(entry.bound(1, bound(700n, 10, 40))).toEqual(bound(730n, 20, 60))
  })

  test('falls to what a call cost once it is over', () => {
    const entry = draft()
    entry.bound(1, bound(500n))
    entry.attempts.push(attemptRow('x', { number: 1, costNanoUsd: 0n, usage: null }))
    expect(entry.bound(2, bound(30n))).toEqual(bound(30n))
    entry.attempts.push(
      attemptRow('x', { number: 2, costNanoUsd: 7n, usage: { inputTokens: 3, outputTokens: 4 } }),
    )
    expect(entry.bound(3, bound(100n))).toEqual(bound(107n, 13, 24))
  })

  test('stays at the bound of a call whose cost nobody knows, and is unknown where a bound is', () => {
    const entry = draft()
    entry.bound(1, bound(500n))
    entry.attempts.push(attemptRow('x', { number: 1, costNanoUsd: null, usage: null }))
    expect(entry.bound(2, bound(30n))).toEqual(bound(530n, 20, 40))
    expect(entry.bound(3, { cost: null, inputTokens: 1, outputTokens: undefined })).toEqual({
      cost: null,
      inputTokens: 21,
      outputTokens: undefined,
    })
  })
})

test('what waits for the row runs when it is durable, later callers at once, and a fork knows', async () => {
  const entry = draft()
  const ran: string[] = []
  const row = Promise.withResolvers<void>()
  entry.fork().afterClose(() => ran.push('fork'))
  entry.afterClose(() => ran.push('entry'))
  expect(entry.closed).toBe(false)
  const closing = entry.close(row.promise)
  entry.afterClose(() => ran.push('meanwhile'))
  expect([entry.closed, entry.fork().closed, ran]).toEqual([true, true, []])
  row.resolve()
  await closing
  expect(ran).toEqual(['fork', 'entry', 'meanwhile'])
  entry.fork().afterClose(() => ran.push('late'))
  expect(ran).toHaveLength(4)
})
