import { describe, expect, test } from 'bun:test'
import { runMachine } from '../../../test/support/corpus.ts'
import type { SseFrame } from '../../wire/index.ts'
import { conform } from './conform.ts'

const frame = (value: unknown, event?: string): SseFrame => ({
  ...(event === undefined ? {} : { event }),
  data: typeof value === 'string' ? value : JSON.stringify(value),
})
const done = frame({
  candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason: 'STOP' }],
  responseId: 'a',
})
const error = frame({ error: { code: 500 } })

describe('each rule of the grammar', () => {
  const cases: readonly (readonly [string, readonly SseFrame[]])[] = [
    ['event-name', [{ ...done, event: 'message' }]],
    ['not-an-object', [frame('{'), done]],
    ['not-an-object', [frame('[1]'), done]],
    ['after-error', [error, done]],
    ['error-shape', [frame({ error: 'x' })]],
    ['response-id-changed', [frame({ responseId: 'b' }), done]],
    ['usage-shape', [frame({ usageMetadata: 1 }), done]],
    ['candidates-shape', [frame({ candidates: {} }), done]],
    ['candidates-shape', [frame({ candidates: [1] }), done]],
    ['candidate-index', [frame({ candidates: [{ index: -1 }] }), done]],
    ['content-shape', [frame({ candidates: [{ content: 'x' }] }), done]],
    ['parts-shape', [frame({ candidates: [{ content: { parts: ['x'] } }] }), done]],
    ['part-text', [frame({ candidates: [{ content: { parts: [{ text: 1 }] } }] }), done]],
    ['part-function-call', [frame({ candidates: [{ content: { parts: [{ functionCall: 'f' }] } }] }), done]],
    ['no-chunk', []],
    ['no-finish-reason', [frame({ candidates: [{ finishReason: 'FINISH_REASON_UNSPECIFIED' }] })]],
  ]
  for (const [rule, frames] of cases) {
    test(`${rule} is broken by ${JSON.stringify(frames.map(({ data }) => data)).slice(0, 70)}`, () => {
      expect(runMachine(conform(), frames)).toEqual([rule])
    })
  }

  test('none is broken by an answer, a refused prompt or an error', () => {
    for (const frames of [[done], [frame({ promptFeedback: { blockReason: 'OTHER' } })], [error]]) {
      expect(runMachine(conform(), frames)).toEqual([])
    }
  })
})
