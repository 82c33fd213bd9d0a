import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors.ts'
import { applySplices, scanJson } from '../../wire/index.ts'
import type { RequestFacts, ScannedRequest } from '../protocol.ts'
import { endpoints } from './endpoints.ts'
import { facts, watchedKeys } from './facts.ts'

const scanned = (body: string, headers: Record<string, string> = {}): ScannedRequest => {
  const bytes = new TextEncoder().encode(body)
  const [endpoint] = endpoints
  if (endpoint === undefined) throw new Error('no endpoint')
  return {
    method: 'POST',
    path: '/v1/chat/completions',
    parameters: {},
    query: new URLSearchParams(),
    headers: new Headers(headers),
    body: bytes,
    endpoint,
    scan: scanJson(bytes, watchedKeys, 512),
  }
}

const read = (body: string, headers: Record<string, string> = {}): RequestFacts =>
  facts(scanned(body, headers))

const asked = (body: string): string => {
  const { askForUsage } = read(body)
  const bytes = applySplices(new TextEncoder().encode(body), askForUsage === undefined ? [] : [askForUsage])
  return new TextDecoder().decode(bytes)
}

describe('asking for stream usage', () => {
  test('adds stream_options where there are none', () => {
    expect(JSON.parse(asked('{"model":"m","stream":true}  '))).toEqual({
      model: 'm',
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(asked('{"stream":true,"model":"\u00e4"}')).toBe(
      '{"stream":true,"model":"\u00e4","stream_options":{"include_usage":true}}',
    )
  })

  test('extends an object, also an empty one', () => {
    expect(asked('{"stream":true,"stream_options":{"include_obfuscation":false}}')).toBe(
      '{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}',
    )
    expect(asked('{"stream":true,"stream_options":{ }}')).toBe(
      '{"stream":true,"stream_options":{"include_usage":true }}',
    )
    expect(asked('{"stream":true,"stream_options":null}')).toBe(
      '{"stream":true,"stream_options":{"include_usage":true}}',
    )
  })

  test('turns false into true, also behind an escaped key', () => {
    expect(asked('{"stream":true,"stream_options":{"include_usage":false}}')).toBe(
      '{"stream":true,"stream_options":{"include_usage":true}}',
    )
    expect(JSON.parse(asked('{"stream":true,"stream_options":{"include\\u005fusage":false}}'))).toEqual({
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  test('leaves a request alone that asks itself, or does not stream', () => {
    for (const body of [
      '{"stream":true,"stream_options":{"include_usage":true}}',
      '{"stream":false}',
      '{"stream":null,"stream_options":{"include_usage":false}}',
      '{}',
    ]) {
      expect(read(body).askForUsage).toBeUndefined()
    }
  })

  test('is not fooled by the same key elsewhere', () => {
    expect(JSON.parse(asked('{"stream":true,"metadata":{"include_usage":"x"},"stream_options":{}}'))).toEqual(
      {
        stream: true,
        metadata: { include_usage: 'x' },
        stream_options: { include_usage: true },
      },
    )
  })
})

describe('facts', () => {
  test('the limit is max_completion_tokens, else max_tokens', () => {
    expect(read('{"max_tokens":7,"max_completion_tokens":5}').maxOutputTokens).toBe(5)
    expect(read('{"max_tokens":7}').maxOutputTokens).toBe(7)
    expect(read('{"max_tokens":null}').maxOutputTokens).toBeUndefined()
    expect(read('{"max_tokens":0}').maxOutputTokens).toBe(0)
  })

  test('the session is a client header, else the cache key', () => {
    const body = '{"prompt_cache_key":"k"}'
    expect(read(body).session).toBe('k')
    expect(read(body, { 'x-session-id': 'ses_1' }).session).toBe('ses_1')
    expect(read(body, { session_id: '0198-codex' }).session).toBe('0198-codex')
    expect(read('{}').session).toBeUndefined()
  })

  test('wrong types are refused in the words of the vendor, with the parameter', () => {
    const refused = (body: string): GatewayError => {
      try {
        read(body)
      } catch (error) {
        if (error instanceof GatewayError) return error
      }
      throw new Error(`not refused: ${body}`)
    }
    expect(refused('{"model":5}')).toMatchObject({
      code: 'gateway_request_invalid',
      param: 'model',
      message: "invalid type for 'model': expected a string, but got an integer instead",
    })
    expect(refused('{"model":null}').message).toContain('but got null instead')
    expect(refused('{"stream":"yes"}').param).toBe('stream')
    expect(refused('{"max_tokens":1.5}').message).toContain('expected an integer, but got a decimal')
    expect(refused('{"max_completion_tokens":"9"}').param).toBe('max_completion_tokens')
    expect(refused('{"stream":true,"stream_options":"x"}').param).toBe('stream_options')
    expect(refused('[1]').message).toContain("invalid type for 'body'")
  })

  test('files and spoken answers in messages are handles; the same names elsewhere are not', () => {
    const { handles } = read(
      JSON.stringify({
        audio: { voice: 'marin', id: 'voice_1' },
        metadata: { file_id: 'no' },
        messages: [
          { role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] },
          { role: 'user', content: [{ type: 'file', file_id: 'file-2' }] },
          { role: 'assistant', audio: { id: 'audio_1' }, content: null },
          { role: 'assistant', audio: null },
          { role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: { file_id: 'no' } } }] },
        ],
        tools: [{ function: { parameters: { properties: { file_id: { type: 'string' } } } } }],
      }),
    )
    expect(handles).toEqual([
      { kind: 'file', id: 'file-1', path: 'messages' },
      { kind: 'file', id: 'file-2', path: 'messages' },
      { kind: 'other', id: 'audio_1', path: 'messages' },
    ])
  })

  test('an escaped key cannot hide a file', () => {
    const body = '{"messages":[{"content":[{"file":{"file\\u005fid":"file-9"}}]}]}'
    expect(read(body).handles).toEqual([{ kind: 'file', id: 'file-9', path: 'messages' }])
  })

  test('the model of a models request stands in the path', () => {
    const request = scanned('{}')
    const get = endpoints.find((endpoint) => endpoint.operation === 'get-model')
    if (get === undefined) throw new Error('no endpoint')
    expect(facts({ ...request, endpoint: get, parameters: { model: 'a/b' } })).toEqual({
      model: 'a/b',
      stream: false,
      handles: [],
    })
  })
})
