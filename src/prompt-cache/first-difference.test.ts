import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ProtocolId } from '../ir/index.ts'
import { type Difference, firstDifference } from './first-difference.ts'

const latin1 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('latin1')

const difference = (before: unknown, after: unknown, protocol: ProtocolId = 'anthropic-messages') =>
  firstDifference(latin1(before), latin1(after), protocol)

/** The bytes from the place on. */
const at = (after: unknown, found: Difference | undefined): string =>
  Buffer.from(JSON.stringify(after))
    .subarray(found?.offset ?? 0)
    .toString('utf8')
    .slice(0, 6)

const mark = { cache_control: { type: 'ephemeral' } }
const messages = [
  { role: 'user', content: [{ type: 'text', text: 'größe 🐎 one' }] },
  { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: { secretName: 'v1' } }] },
  { role: 'user', content: 'three' },
]
const body = { model: 'm', messages, system: 'be brief', tools: [{ name: 'f', input_schema: {} }] }

describe('the first difference', () => {
  test('is none where a conversation only goes on', () => {
    const more = { ...body, messages: [...messages, { role: 'assistant', content: 'four' }] }
    expect(difference(body, more)).toBeUndefined()
    expect(difference(body, { ...more, max_tokens: 5, stream: true })).toBeUndefined()
  })

  test('is none where only marks move, and a string becomes a list of one text', () => {
    const marked = {
      ...body,
      system: [{ type: 'text', text: 'be brief', ...mark }],
      messages: [
        ...messages.slice(0, 2),
        { role: 'user', content: [{ type: 'text', text: 'three', ...mark }] },
      ],
    }
    expect(difference(marked, body)).toBeUndefined()
    expect(difference(body, marked)).toBeUndefined()
  })

  test('names the byte and its place', () => {
    const changed = {
      ...body,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'größe 🐎 two' }] }],
    }
    const found = difference(body, changed)
    expect(found).toMatchObject({ path: 'messages[0].content[0].text', kind: 'changed' })
    expect(at(changed, found)).toBe('two"}]')
  })

  test('is looked for in the order in which the model reads', () => {
    const changed = { ...body, system: 'be brisk', messages: messages.slice(1), tools: [{ name: 'g' }] }
    expect(difference(body, changed)).toMatchObject({ path: 'tools[0].name' })
    expect(difference(body, { ...changed, tools: body.tools })).toMatchObject({ path: 'system' })
    expect(difference(body, { ...changed, tools: body.tools, system: body.system })).toMatchObject({
      path: 'messages[0].role',
    })
  })

  test('is not the note that Claude Code writes anew into each request', () => {
    const note = (version: number) => ({ type: 'text', text: `x-anthropic-billing-header: v=${version};` })
    const of = (version: number, said: string) => ({
      ...body,
      system: [note(version), { type: 'text', text: said }],
    })
    expect(difference(of(1, 'a'), of(2, 'a'))).toBeUndefined()
    expect(difference(of(1, 'a'), of(2, 'b'))?.path).toBe('system[1].text')
  })

  test('does not name what only the client has a word for', () => {
    const [first, second, third] = messages
    const input = { type: 'tool_use', id: 't', name: 'f', input: { secretName: 'v2' } }
    const changed = { ...body, messages: [first, { ...second, content: [input] }, third] }
    const found = difference(body, changed)
    expect(found?.path).toBe('messages[1].content[0].input.…')
    expect(at(changed, found)).toBe('2"}}]}')
  })

  test('may be a turn that is gone, or one that was put in', () => {
    expect(difference(body, { ...body, messages: messages.slice(0, 2) })).toMatchObject({
      path: 'messages[2]',
      kind: 'removed',
    })
    const tools = [...body.tools, { name: 'g' }]
    expect(difference(body, { ...body, tools })).toMatchObject({ path: 'tools[1]', kind: 'added' })
  })

  test('may be a setting that makes another cache', () => {
    expect(difference(body, { ...body, thinking: { type: 'enabled' } })).toMatchObject({ path: 'thinking' })
    const chat = { messages: [{ role: 'user', content: 'x' }] }
    expect(difference(chat, { ...chat, reasoning_effort: 'high' }, 'openai-chat')).toMatchObject({
      path: 'reasoning_effort',
    })
  })

  test('is found in every protocol', () => {
    const gemini = { contents: [{ role: 'user', parts: [{ text: 'a' }] }], systemInstruction: { parts: [] } }
    const later = { ...gemini, contents: [{ role: 'user', parts: [{ text: 'b' }] }] }
    expect(difference(gemini, later, 'gemini')).toMatchObject({ path: 'contents[0].parts[0].text' })
    const responses = { instructions: 'a', input: [{ type: 'message', content: 'x' }] }
    expect(difference(responses, { ...responses, instructions: 'b' }, 'openai-responses')).toMatchObject({
      path: 'instructions',
    })
  })

  test('is the first byte that differs, whatever the text', () => {
    const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(words, words, words, (front, one, other) => {
        fc.pre(one !== other)
        const of = (said: string) => ({ system: 's', messages: [{ role: 'user', content: front + said }] })
        const [before, after] = [Buffer.from(JSON.stringify(of(one))), Buffer.from(JSON.stringify(of(other)))]
        let first = 0
        while (before[first] === after[first]) first++
        expect(difference(of(one), of(other))?.offset).toBe(first)
      }),
    )
  })
})
