import { describe, expect, test } from 'bun:test'
import { conversationName } from './conversation-name.ts'

const name = (body: unknown, protocol: Parameters<typeof conversationName>[1] = 'anthropic-messages') =>
  conversationName(Buffer.from(JSON.stringify(body)).toString('latin1'), protocol)

const hello = { role: 'user', content: 'größe' }
const answer = { role: 'assistant', content: 'hi' }

describe('the name of a conversation', () => {
  test('stays while it goes on', () => {
    const first = name({ system: 's', messages: [hello] })
    const later = name({
      system: 's',
      messages: [hello, answer, { role: 'user', content: 'more' }],
      tools: [],
    })
    expect(first).toEqual({ name: expect.stringMatching(/^~[0-9a-f]{8}$/), goesOn: false })
    expect(later).toEqual({ name: first?.name ?? '', goesOn: true })
  })

  test('is the same whether the first words have a mark or not', () => {
    const marked = { type: 'text', text: 'größe', cache_control: { type: 'ephemeral', ttl: '1h' } }
    const first = name({
      system: [{ ...marked, text: 's' }],
      messages: [{ role: 'user', content: [marked] }],
    })
    expect(first).toEqual(name({ system: 's', messages: [hello] }))
  })

  test('is another where system prompt or first words are', () => {
    const names = [
      name({ system: 's', messages: [hello] }),
      name({ system: 't', messages: [hello] }),
      name({ system: 's', messages: [{ role: 'user', content: 'else' }] }),
    ]
    expect(new Set(names.map((one) => one?.name)).size).toBe(3)
  })

  test('is found in every protocol', () => {
    const chat = (more: readonly object[]) => ({
      messages: [{ role: 'system', content: 's' }, hello, ...more],
    })
    expect(name(chat([]), 'openai-chat')?.name).toBe(name(chat([answer]), 'openai-chat')?.name)
    const responses = (more: readonly object[]) => ({ instructions: 'i', input: [hello, ...more] })
    expect(name(responses([]), 'openai-responses')?.name).toBe(
      name(responses([answer]), 'openai-responses')?.name,
    )
    const gemini = (more: readonly object[]) => ({
      contents: [{ role: 'user', parts: [{ text: 'x' }] }, ...more],
    })
    expect(name(gemini([]), 'gemini')?.name).toBe(
      name(gemini([{ role: 'model', parts: [] }]), 'gemini')?.name,
    )
    expect(name({ input: 'x' }, 'openai-embeddings')).toBeUndefined()
    expect(name({ instructions: 'i', input: 'only this' }, 'openai-responses')?.goesOn).toBe(false)
  })
})
