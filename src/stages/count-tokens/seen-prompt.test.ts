import { expect, test } from 'bun:test'
import type { GenerateRequest, Part, Turn } from '../../ir/index.ts'
import { isSeen } from './seen-prompt.ts'

const asked = (changes: Partial<GenerateRequest> = {}): GenerateRequest => ({
  protocol: 'openai-responses',
  model: 'm',
  stream: false,
  turns: [user({ type: 'text', text: 'hi' })],
  tools: [],
  sampling: {},
  ...changes,
})
const user = (...parts: readonly Part[]): Turn => ({ role: 'user', parts })
const model = (...parts: readonly Part[]): Turn => ({ role: 'assistant', parts })
const said: Part = { type: 'text', text: 'hi' }
/** A PNG of 1 × 1. */
const data =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='
const sealed: Part = {
  type: 'reasoning',
  pieces: [],
  state: { protocol: 'openai-responses', kind: 'encrypted', value: 'x' },
}
const call: Part = { type: 'tool-call', id: 'c', kind: 'function', name: 'f', input: '{}' }
const result: Part = { type: 'tool-result', callId: 'c', kind: 'function', content: [said] }

test.each<[string, Partial<GenerateRequest>]>([
  ['texts', {}],
  ['calls and their results', { turns: [user(said), model(call), user(result)] }],
  [
    'a picture whose size can be read',
    { turns: [user({ type: 'image', source: { type: 'base64', data } })] },
  ],
  [
    'a document that is text',
    { turns: [user({ type: 'document', source: { type: 'text', text: 'once upon a time' } })] },
  ],
  ['functions', { tools: [{ type: 'function', name: 'f' }] }],
  [
    'a tool of the provider that is always told in the same lines',
    { tools: [{ type: 'server', tool: 'web-search', wireType: 'web_search', config: '{}' }] },
  ],
  [
    'sealed thoughts from before the question',
    { turns: [user(said), model(sealed), model(said), user(said)] },
  ],
])('a prompt with %s can be counted', (_, changes) => {
  expect(isSeen(asked(changes))).toBe(true)
})

test.each<[string, Partial<GenerateRequest>]>([
  ['an earlier answer by its id', { previousResponseId: 'resp_1' }],
  ['a conversation by its id', { conversation: 'conv_1' }],
  [
    'a picture by its address',
    { turns: [user({ type: 'image', source: { type: 'url', url: 'https://a/b' } })] },
  ],
  [
    'a picture that does not tell its size',
    { turns: [user({ type: 'image', source: { type: 'base64', data: 'AA==' } })] },
  ],
  ['a file by its id', { turns: [user({ type: 'document', source: { type: 'file', id: 'file_1' } })] }],
  [
    'a printed page',
    { turns: [user({ type: 'document', source: { type: 'base64', data, mediaType: 'application/pdf' } })] },
  ],
  ['a sound', { turns: [user({ type: 'audio', source: { type: 'base64', data } })] }],
  [
    'such a thing in the result of a tool',
    { turns: [user({ ...result, content: [{ type: 'opaque', name: 'x' }] })] },
  ],
  ['an item that nobody knows', { turns: [user({ type: 'opaque', name: 'compaction' })] }],
  [
    'what a tool of the provider found',
    {
      turns: [model({ type: 'server-result', tool: 'web-search', name: 'web_search', output: '{}' })],
    },
  ],
  ['sealed thoughts since the question', { turns: [user(said), model(sealed, call), user(result)] }],
  [
    'tools that the provider looks up',
    { tools: [{ type: 'server', tool: 'mcp', wireType: 'mcp', config: '{}' }] },
  ],
  ['a tool that the model finds later', { tools: [{ type: 'function', name: 'f', deferLoading: true }] }],
  [
    'a template that lies at the provider',
    { extensions: { 'openai-responses': { prompt: { id: 'pmpt_1' } } } },
  ],
])('a prompt with %s cannot', (_, changes) => {
  expect(isSeen(asked(changes))).toBe(false)
})
