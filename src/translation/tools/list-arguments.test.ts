import { expect, test } from 'bun:test'
import type { StreamEvent } from '../../ir/index.ts'
import { listArguments } from './list-arguments.ts'
import { callEvents, requestOf, runPasses, targetOf } from './tool-target.fixture.ts'

const list = { type: 'array', items: { type: 'string' } }
const shell = {
  type: 'function',
  name: 'shell',
  parameters: JSON.stringify({
    type: 'object',
    properties: { command: list, note: list },
    required: ['command'],
  }),
} as const

const { answer } = runPasses(
  [listArguments],
  requestOf('openai-responses', { tools: [shell, { type: 'function', name: 'other' }] }),
  targetOf('anthropic-messages'),
)
const said = (events: readonly StreamEvent[]): string =>
  events.map((event) => (event.type === 'tool-call-delta' ? event.input : '')).join('')
const called = (...pieces: readonly string[]): string => said(answer(callEvents({ name: 'shell' }, pieces)))

test('a command line that the model wrote as one text becomes the list that Codex 0.55 wants', () => {
  expect(called('{"command":', '"ls -la","timeout_ms":1.0}')).toBe(
    '{"command":["bash","-lc","ls -la"],"timeout_ms":1.0}',
  )
  expect(called('{"command":"ls"}')).toBe('{"command":["ls"]}')
  expect(called('{"command":"[\\"ls\\",\\"-l\\"]"}')).toBe('{"command":["ls","-l"]}')
})

test('everything else is what the model wrote, byte for byte', () => {
  for (const input of ['{ "command" : ["ls"], "note":"x" }', '{"command":5}', '{"command":"cut of', '']) {
    expect(called(input)).toBe(input)
  }
  const events = callEvents({ name: 'other' }, ['{"command":', '"ls"}'])
  expect(answer(events)).toEqual(events)
})
