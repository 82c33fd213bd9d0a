import { expect, test } from 'bun:test'
import { collect, type GenerateResponse, replay, type StreamEvent } from '../../ir/index.ts'
import { rememberAnswer } from './remember-answer.ts'

const answer: GenerateResponse = {
  protocol: 'anthropic-messages',
  id: 'a',
  choices: [
    {
      index: 0,
      parts: [
        { type: 'reasoning', pieces: [{ kind: 'summary', text: 'hm' }] },
        { type: 'text', text: 'forty-two, as far as anybody can tell' },
        { type: 'tool-call', id: 'c', kind: 'function', name: 'f', input: '{"a":1}' },
      ],
      finish: { reason: 'tool-calls' },
    },
  ],
}

/** Each letter of a text by itself. */
const events = replay(answer).flatMap((event): readonly StreamEvent[] =>
  event.type === 'text-delta' ? [...event.text].map((text) => ({ ...event, text })) : [event],
)

test('an answer passes as it is, and is remembered whole in few events', () => {
  let held = 0
  const remembered = rememberAnswer('anthropic-messages', (bytes) => {
    held += bytes
    return true
  })
  const machine = remembered.machine()
  expect([...events.flatMap((event) => machine.push(event)), ...machine.end()]).toEqual(events)
  expect(remembered.answer()).toEqual(collect('anthropic-messages', events).response)
  expect(held).toBeGreaterThan(100)
  // Were each letter an event of its own, they alone would take more.
  expect(held).toBeLessThan(2500)
  // The next answer is another one.
  remembered.machine()
  expect(remembered.answer()?.choices).toEqual([])
})

test('too long an answer passes all the same, and is forgotten', () => {
  let room = 900
  const remembered = rememberAnswer('anthropic-messages', (bytes) => {
    room -= bytes
    return room >= 0
  })
  const machine = remembered.machine()
  expect(events.flatMap((event) => machine.push(event))).toEqual(events)
  expect(remembered.answer()).toBeUndefined()
})

test('an answer that ends with an error is none', () => {
  const remembered = rememberAnswer('anthropic-messages', () => true)
  remembered.machine().push({ type: 'error', error: { kind: 'upstream', message: 'overloaded' } })
  expect(remembered.answer()).toBeUndefined()
})
