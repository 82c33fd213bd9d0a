import { describe, expect, test } from 'bun:test'
import { createRequestMemory, type RequestSource } from './request-memory.ts'

const digests = (text: string) => ({ system: text, messages: text, tools: text, parameters: text })

const source = (
  changes: Partial<Omit<RequestSource, 'request'>> & Partial<RequestSource['request']> = {},
): RequestSource => {
  const { organisation = 'org', protocol = 'anthropic-messages', ...request } = changes
  return {
    organisation,
    protocol,
    request: {
      method: 'POST',
      path: '/v1/messages',
      parameters: {},
      query: new URLSearchParams(),
      headers: new Headers({ 'anthropic-beta': 'one', 'user-agent': 'somebody' }),
      body: new TextEncoder().encode('{"a":1}'),
      ...request,
    },
  }
}

describe('requests that came before', () => {
  test('are not read again, in whatever array their bytes lie', () => {
    const memory = createRequestMemory(0)
    memory.recall(source(), () => digests('first'))
    expect(memory.recall(source(), () => digests('second')).messages).toBe('first')
    const headers = new Headers({ 'anthropic-beta': 'one', 'user-agent': 'somebody else' })
    expect(memory.recall(source({ headers }), () => digests('second')).messages).toBe('first')
  })

  test.each([
    ['another organisation', source({ organisation: 'other' })],
    ['another protocol', source({ protocol: 'openai-chat' })],
    ['another body', source({ body: new TextEncoder().encode('{"a":2}') })],
    ['another path', source({ path: '/v1/messages/' })],
    ['another parameter', source({ parameters: { model: 'm' } })],
    ['another query', source({ query: new URLSearchParams({ x: '1' }) })],
    ['another beta', source({ headers: new Headers({ 'anthropic-beta': 'two' }) })],
  ])('are not those of %s', (_, other) => {
    const memory = createRequestMemory(0)
    memory.recall(source(), () => digests('first'))
    expect(memory.recall(other, () => digests('other')).messages).toBe('other')
  })

  test('are forgotten when more come than there is room for, and those asked for lately last', () => {
    const memory = createRequestMemory(0, 10)
    let made = 0
    const recall = (path: string) => memory.recall(source({ path }), () => digests(String(made++)))
    for (let at = 0; at < 50; at++) {
      recall('kept')
      recall(`other ${at}`)
    }
    expect(recall('kept').messages).toBe('0')
    const before = made
    recall('other 0')
    expect(made).toBe(before + 1)
  })

  test('are read each time where they are short', () => {
    const memory = createRequestMemory()
    memory.recall(source(), () => digests('first'))
    expect(memory.recall(source(), () => digests('second')).messages).toBe('second')
  })
})
