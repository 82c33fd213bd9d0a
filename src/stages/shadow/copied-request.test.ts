import { describe, expect, test } from 'bun:test'
import { protocols, type ScannedRequest } from '../../protocols/index.ts'
import { scanJson } from '../../wire/index.ts'
import { copiedRequest } from './copied-request.ts'

const scanned = (
  protocol: keyof typeof protocols,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): ScannedRequest => {
  const endpoint = protocols[protocol].endpoints.find((one) => one.path === path)
  if (endpoint === undefined) throw new Error(`no endpoint ${path}`)
  const bytes = Buffer.from(body)
  return {
    method: 'POST',
    path,
    parameters: {},
    query: new URLSearchParams('alt=sse&key=secret&other=1'),
    headers: new Headers(headers),
    body: bytes,
    endpoint,
    scan: scanJson(bytes, protocols[protocol].watchedKeys, 100),
  }
}

const bodyOf = (protocol: keyof typeof protocols, path: string, body: string): string =>
  Buffer.from(copiedRequest(protocols[protocol], scanned(protocol, path, body)).body).toString()

describe('a copied request', () => {
  const chat = '/v1/chat/completions'

  test('is byte for byte the same where it asks for a whole answer that nobody keeps', () => {
    const body = '{ "model":"m", "big": 12345678901234567890, "messages":[] ,"stream":false}'
    expect(bodyOf('openai-chat', chat, body)).toBe(body)
    expect(bodyOf('anthropic-messages', '/v1/messages', body)).toBe(body)
  })

  test('asks for no stream, and for nothing that only streams have', () => {
    expect(
      bodyOf('openai-chat', chat, '{"stream":true,"a":1.0,"stream_options":{"include_usage":true}}'),
    ).toBe('{"stream":false,"a":1.0,"stream_options":null}')
    expect(bodyOf('anthropic-messages', '/v1/messages', '{"stream": true }')).toBe('{"stream": false }')
  })

  test('keeps nothing, also where the protocol would by itself', () => {
    expect(bodyOf('openai-chat', chat, '{"store":true}')).toBe('{"store":false}')
    expect(bodyOf('openai-responses', '/v1/responses', ' {"model":"m","store":true}')).toBe(
      ' {"model":"m","store":false}',
    )
    expect(bodyOf('openai-responses', '/v1/responses', ' {"model":"m"}')).toBe(' {"store":false,"model":"m"}')
    expect(bodyOf('openai-responses', '/v1/responses', '{}')).toBe('{"store":false}')
  })

  test('goes to the endpoint that does not stream', () => {
    const path = '/v1beta/models/{model}:streamGenerateContent'
    const { endpoint, query } = copiedRequest(protocols.gemini, scanned('gemini', path, '{"contents":[]}'))
    expect(endpoint).toMatchObject({ path: '/v1beta/models/{model}:generateContent', operation: 'generate' })
    expect(query.toString()).toBe('other=1')
  })

  test('carries no credential of the client, and all else that it said', () => {
    const { headers } = copiedRequest(
      protocols['openai-chat'],
      scanned('openai-chat', chat, '{}', {
        authorization: 'Bearer tgw-sk-1',
        'x-api-key': 'tgw-sk-1',
        'x-goog-api-key': 'tgw-sk-1',
        'api-key': 'tgw-sk-1',
        cookie: 'a=b',
        'accept-encoding': 'gzip',
        'user-agent': 'codex/1',
        'x-tollgate-session': 's',
      }),
    )
    expect(Object.fromEntries(headers)).toEqual({
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'codex/1',
      'x-tollgate-session': 's',
    })
  })
})
