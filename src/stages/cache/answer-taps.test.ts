import { expect, test } from 'bun:test'
import { collect, type GenerateResponse, replay, type StreamEvent } from '../../ir/index.ts'
import { answerTaps } from './answer-taps.ts'

const response: GenerateResponse = {
  protocol: 'openai-chat',
  model: 'm',
  choices: [
    {
      index: 0,
      parts: [
        { type: 'reasoning', pieces: [{ kind: 'summary', text: 'hm' }] },
        { type: 'text', text: 'hello world, süß 𝕏' },
        { type: 'tool-call', id: 'c', name: 'f', kind: 'function', input: '{"a":1}' },
      ],
      finish: { reason: 'tool-calls' },
    },
  ],
  usage: { inputTokens: 1, outputTokens: 2 },
}

const inPieces = (whole: GenerateResponse): readonly StreamEvent[] =>
  replay(whole).flatMap((event): readonly StreamEvent[] =>
    event.type === 'text-delta' ? Array.from(event.text, (text) => ({ ...event, text })) : [event],
  )

test('hears what was said, in however many pieces, and changes nothing', () => {
  const taps = answerTaps(10_000)
  const tap = taps.tap()
  const events = inPieces(response)
  expect(events.flatMap((event) => tap.push(event))).toEqual([...events])
  expect(tap.end()).toEqual([])
  expect(taps.heard('openai-chat')).toEqual(collect('openai-chat', events))
  expect(taps.heard('openai-chat')?.response.choices).toEqual(response.choices)
})

test('an answer without its end is none, nor is one that is too long', () => {
  const broken = answerTaps(10_000)
  const tap = broken.tap()
  for (const event of replay(response).slice(0, -1)) tap.push(event)
  expect(broken.heard('openai-chat')).toBeUndefined()
  const short = answerTaps(200)
  const small = short.tap()
  for (const event of inPieces(response)) small.push(event)
  expect(short.heard('openai-chat')).toBeUndefined()
})

test('of several calls, the last one that was whole counts', () => {
  const taps = answerTaps(10_000)
  const [failed, answered, looked] = [taps.tap(), taps.tap(), taps.tap()]
  const events = replay(response)
  for (const event of events.slice(0, 2)) failed.push(event)
  for (const event of events) answered.push(event)
  looked.end()
  expect(taps.heard('openai-chat')?.complete).toBe(true)
})
