import { expect, test } from 'bun:test'
import type { GenerateRequest, Part, Turn } from '../../ir/index.ts'
import { similarQuestion } from './similar-question.ts'

const user = (...parts: readonly Part[]): Turn => ({ role: 'user', parts })
const text = (words: string): Part => ({
  type: 'text',
  text: words,
  raw: { protocol: 'openai-chat', json: `{"text":"${words}"}` },
})

const request = (changes: Partial<GenerateRequest> = {}): GenerateRequest => ({
  ...{ protocol: 'openai-chat', model: 'm', stream: false, tools: [], sampling: { temperature: 0 } },
  turns: [{ role: 'system', parts: [text('be brief')] }, user(text(' who was first? '))],
  ...changes,
})

test('one question is one; nothing of its text is in the rest', () => {
  const question = similarQuestion(request(), 0.3)
  if (typeof question === 'string') throw new Error(question)
  expect(question.text).toBe('who was first?')
  expect(JSON.stringify(question.rest)).not.toContain('first')
  expect(JSON.stringify(question.rest)).toContain('be brief')
  const other = similarQuestion(
    request({ turns: [{ role: 'system', parts: [text('be brief')] }, user(text('?!'))] }),
    0.3,
  )
  expect(other).toMatchObject({ rest: question.rest })
})

test.each<readonly [string, Partial<GenerateRequest>]>([
  ['temperature', { sampling: { temperature: 0.31 } }],
  ['temperature', { sampling: {} }],
  ['tools', { tools: [{ type: 'function', name: 'f', parameters: '{}' }] }],
  ['not-one-question', { turns: [user(text('a')), user(text('b'))] }],
  ['not-one-question', { turns: [user(text('a'), text('b'))] }],
  ['not-one-question', { turns: [user(text('a')), { role: 'assistant', parts: [text('b')] }] }],
  ['not-one-question', { turns: [] }],
  [
    'not-one-question',
    { turns: [user({ type: 'image', source: { type: 'url', url: 'https://a.example/b' } })] },
  ],
  ['empty', { turns: [user(text('  '))] }],
  ['too-long', { turns: [user(text('a '.repeat(1_100)))] }],
  ['time', { turns: [user(text('what is new today?'))] }],
])('%s keeps a request apart', (reason, changes) => {
  expect(similarQuestion(request(changes), 0.3)).toBe(reason as never)
})

test('a temperature that nobody named is that of the providers', () => {
  expect(typeof similarQuestion(request({ sampling: {} }), 1)).toBe('object')
})
