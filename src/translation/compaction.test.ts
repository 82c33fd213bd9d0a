import { expect, test } from 'bun:test'
import { createSecretKey } from 'node:crypto'
import type { FinishReason, Part, StreamEvent } from '../ir/index.ts'
import { summaryAnswer, summaryIn } from './compaction.ts'

const key = createSecretKey(Buffer.alloc(32, 1))
const target = {
  protocol: 'openai-chat',
  provider: 'p',
  credential: 'c',
  model: 'm',
  capabilities: {},
} as const

const answered = (...events: readonly StreamEvent[]): readonly StreamEvent[] => {
  const machine = summaryAnswer(target as never, key)
  return [...events.flatMap((event) => machine.push(event)), ...machine.end()]
}
const text = (said: string, choice?: number): StreamEvent => ({
  ...{ type: 'part', index: 0, part: { type: 'text', text: said } },
  ...(choice === undefined ? {} : { choice }),
})
const finish = (reason: FinishReason): StreamEvent => ({ type: 'finish', finish: { reason } })
const usage: StreamEvent = { type: 'usage', usage: { inputTokens: 1, outputTokens: 2 } }
const end: StreamEvent = { type: 'end' }
const call: Part = { type: 'tool-call', kind: 'function', id: 'c', name: 'run', input: '{}' }

const summaryOf = (events: readonly StreamEvent[]): string | undefined => {
  const parts = events.flatMap((event) => (event.type === 'part' ? [event.part] : []))
  expect(parts.length).toBeLessThanOrEqual(1)
  return parts[0] === undefined ? undefined : summaryIn(parts[0].state?.value ?? '', key)
}
const errorOf = (events: readonly StreamEvent[]): string | undefined =>
  events.flatMap((event) => (event.type === 'error' ? [event.error.message] : []))[0]

test('all text of the first choice is one compaction, and nothing else of the answer is left', () => {
  const events = answered(
    text('One. '),
    text('Other.', 1),
    { type: 'part', index: 1, part: call },
    text('Two.'),
    finish('end'),
    usage,
    end,
  )
  expect(summaryOf(events)).toEndWith('\n\nOne. Two.')
  expect(events.map(({ type }) => type)).toEqual(['part', 'finish', 'usage', 'end'])
})

test.each([
  ['that is empty', [finish('end'), usage, end]],
  ['that was cut', [text('One'), finish('length'), usage, end]],
  ['that was paused', [text('One'), finish('pause'), usage, end]],
  ['that calls a tool', [text('Let me look.'), finish('tool-calls'), usage, end]],
  ['that does not say how it ends', [text('One'), usage, end]],
] as const)('an answer %s ends in an error, behind what it has cost', (_name, events) => {
  const said = answered(...events)
  expect(summaryOf(said)).toBeUndefined()
  expect(errorOf(said)).toContain('no whole summary')
  expect(said.map(({ type }) => type)).toEqual(['usage', 'error'])
})

test('an answer that broke off keeps its own error', () => {
  const said = answered(text('One'), { type: 'error', error: { kind: 'upstream', message: 'gone' } })
  expect(said.map(({ type }) => type)).toEqual(['error'])
  expect(errorOf(said)).toBe('gone')
})

test('an envelope of another organisation is none', () => {
  const state = answered(text('One'), finish('end'), end).flatMap((event) =>
    event.type === 'part' ? [event.part.state?.value ?? ''] : [],
  )
  expect(summaryIn(state[0] ?? '', key)).toEndWith('One')
  expect(summaryIn(state[0] ?? '', createSecretKey(Buffer.alloc(32, 2)))).toBeUndefined()
})
