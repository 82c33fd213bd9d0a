import { expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { protocols } from '../../protocols/index.ts'
import { readAnswer } from './read-answer.ts'

const gemini = (text: string, finishReason?: string) =>
  JSON.stringify({
    candidates: [
      {
        content: { role: 'model', parts: [{ text }] },
        ...(finishReason === undefined ? {} : { finishReason }),
      },
    ],
  })

const read = (text: string | Uint8Array, type: string, isStreamed: boolean, encoding?: string) => {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const headers = new Headers({ 'content-type': type })
  if (encoding !== undefined) headers.set('content-encoding', encoding)
  // Cut in the middle, as networks do.
  const pieces = [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)]
  const answer = readAnswer(protocols.gemini, { headers, isStreamed, pieces })
  return answer?.choices.map(({ parts }) =>
    parts.map((part) => (part.type === 'text' ? part.text : part.type)),
  )
}

test('an answer is the same whether it comes whole, compressed, in events, or as elements of a list', () => {
  const [first, last] = [gemini('hello '), gemini('wörld', 'STOP')]
  const expected = [['hello wörld']]
  expect(read(gemini('hello wörld', 'STOP'), 'application/json', false)).toEqual(expected)
  expect(read(gzipSync(gemini('hello wörld', 'STOP')), 'application/json', false, 'gzip')).toEqual(expected)
  expect(read(`data: ${first}\n\n: alive\n\ndata: ${last}\n\n`, 'text/event-stream', true)).toEqual(expected)
  expect(read(`[${first},\n${last}]`, 'application/json', true)).toEqual(expected)
})

test('what is no answer is none', () => {
  expect(read('<html>', 'text/html', false)).toBeUndefined()
  expect(read('data: {"candi\n\n', 'text/event-stream', true)).toBeUndefined()
  expect(read('hello', 'application/json', false, 'gzip')).toBeUndefined()
})
