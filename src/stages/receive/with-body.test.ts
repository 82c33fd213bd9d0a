import { expect, test } from 'bun:test'
import { protocols, type ScannedRequest } from '../../protocols/index.ts'
import { scanJson } from '../../wire/index.ts'
import { withBody } from './with-body.ts'

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

const received = (value: unknown): ScannedRequest => {
  const protocol = protocols['openai-chat']
  const [endpoint] = protocol.endpoints
  if (endpoint === undefined) throw new Error('no endpoint')
  const body = encode(value)
  return {
    ...{ method: 'POST', path: '/v1/chat/completions', parameters: {}, query: new URLSearchParams() },
    ...{ headers: new Headers({ 'x-tollgate-session': 's' }), body, endpoint },
    scan: scanJson(body, protocol.watchedKeys, 512),
  }
}

test('a request gets another body, and what it says is read from that one', () => {
  const before = received({ model: 'a', stream: true, messages: [] })
  const body = encode({ messages: [{ role: 'user', content: 'hi' }], model: 'longer-name' })
  const { request, facts } = withBody(protocols['openai-chat'], before, body, 512)
  expect(request).toMatchObject({
    path: before.path,
    headers: before.headers,
    endpoint: before.endpoint,
    body,
  })
  expect(facts).toMatchObject({ model: 'longer-name', stream: false })
  const { start, end } = facts.modelSpan ?? { start: 0, end: 0 }
  expect(new TextDecoder().decode(request.body.subarray(start, end))).toBe('"longer-name"')
  expect(before.scan.top.has('stream')).toBe(true)
})

test('a body that nests too deep is refused', () => {
  const deep = encode({ model: 'a', messages: [[[[]]]] })
  expect(() => withBody(protocols['openai-chat'], received({ model: 'a' }), deep, 3)).toThrow()
})
