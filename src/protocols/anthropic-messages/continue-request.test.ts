import { describe, expect, test } from 'bun:test'
import { corpus, corpusAvailable, runMachine, wireResponse } from '../../../test/support/corpus.ts'
import { collect, type GenerateResponse, isJsonObject } from '../../ir/index.ts'
import { continueRequest } from './continue-request.ts'
import { decodeResponse } from './decode-response.ts'
import { decodeStream } from './decode-stream.ts'

const sent = {
  path: '/v1/messages',
  headers: { 'anthropic-beta': 'x' },
  warnings: [],
  body: '{"model":"m", "max_tokens":1.0e3,"messages":[{"role":"user","content":"Grüße \\u00e4"}],"temperature":1.0}',
}
const answerOf = (parts: GenerateResponse['choices'][number]['parts']): GenerateResponse => ({
  protocol: 'anthropic-messages',
  choices: [{ index: 0, parts }],
})

test('every byte of the request stays, and the answer follows its last message', () => {
  expect(continueRequest(sent, answerOf([{ type: 'text', text: 'Wäit' }]))).toEqual({
    ...sent,
    body: sent.body.replace(
      '"}],"temperature"',
      '"},{"role":"assistant","content":[{"type":"text","text":"Wäit"}]}],"temperature"',
    ),
  })
})

test('the container of the tools goes along, unless the request has named one', () => {
  const answer = {
    ...answerOf([{ type: 'text', text: 'w' }]),
    extensions: { 'anthropic-messages': { container: { id: 'c_1', expires_at: 'then' } } },
  }
  const containerOf = (body: string | undefined): unknown => JSON.parse(body ?? '{}').container
  expect(containerOf(continueRequest(sent, answer)?.body)).toBe('c_1')
  const named = { ...sent, body: sent.body.replace('{', '{"container":"mine",') }
  expect(containerOf(continueRequest(named, answer)?.body)).toBe('mine')
})

test('an answer that says nothing cannot go on, and empty texts are not sent', () => {
  expect(continueRequest(sent, answerOf([]))).toBeUndefined()
  const empty = ['', '\n\n'].map((text) => ({ type: 'text', text }) as const)
  expect(continueRequest(sent, answerOf(empty))).toBeUndefined()
  expect(continueRequest(sent, answerOf([...empty, { type: 'text', text: 'w' }]))).toEqual(
    continueRequest(sent, answerOf([{ type: 'text', text: 'w' }])),
  )
})

describe.skipIf(!corpusAvailable('Anthropic answers as history'))('what a provider has said', () => {
  const blocksAfter = (answer: GenerateResponse): unknown => {
    const body = continueRequest(sent, answer)?.body
    return body === undefined ? [] : JSON.parse(body).messages[1].content
  }
  const hasWords = (text: unknown): boolean => String(text).trim() !== ''
  const said = (content: unknown): unknown =>
    Array.isArray(content)
      ? content.filter((block) => !isJsonObject(block) || block['type'] !== 'text' || hasWords(block['text']))
      : content

  test('goes back to it block by block, unchanged', () => {
    let seen = 0
    for (const record of corpus('anthropic')) {
      const whole = record.response?.value
      if (record.stream || !isJsonObject(whole) || whole['type'] !== 'message') continue
      seen++
      expect([record.name, blocksAfter(decodeResponse(wireResponse(record)))]).toEqual([
        record.name,
        said(whole['content']),
      ])
    }
    expect(seen).toBeGreaterThan(20)
  })

  test('is the same from a stream as from a whole answer', () => {
    let seen = 0
    for (const record of corpus('anthropic')) {
      if (!record.stream || record.anomalies.length > 0) continue
      const { response, complete } = collect('anthropic-messages', runMachine(decodeStream(), record.frames))
      if (!complete) continue
      seen++
      const types = (blocksAfter(response) as { type: string }[]).map(({ type }) => type)
      const opened = record.frames
        .map(({ data }) => JSON.parse(data))
        .filter(({ type }) => type === 'content_block_start')
        .map(({ content_block }) => content_block.type)
      const spoken =
        response.choices[0]?.parts.filter((part) => part.type !== 'text' || hasWords(part.text)) ?? []
      expect([record.name, types.length]).toEqual([record.name, spoken.length])
      expect(opened).toEqual(expect.arrayContaining(types))
    }
    expect(seen).toBeGreaterThan(20)
  })
})
