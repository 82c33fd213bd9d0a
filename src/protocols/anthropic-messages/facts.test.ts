import { describe, expect, test } from 'bun:test'
import { clientRecordings, corpusAvailable, wireRequest } from '../../../test/support/corpus.ts'
import { GatewayError } from '../../errors.ts'
import { scanJson } from '../../wire/index.ts'
import type { RequestFacts } from '../protocol.ts'
import { endpoints } from './endpoints.ts'
import { facts, watchedKeys } from './facts.ts'
import { anthropicMessages } from './index.ts'
import { sessionInUserId } from './session.ts'

const endpointOf = (path: string) => {
  const found = endpoints.find((endpoint) => endpoint.path === path)
  if (found === undefined) throw new Error(path)
  return found
}

const factsOf = (body: string, headers: Record<string, string> = {}): RequestFacts => {
  const wire = wireRequest(anthropicMessages, { path: '/v1/messages', headers: new Headers(headers), body })
  return facts({
    ...wire,
    endpoint: endpointOf('/v1/messages'),
    scan: scanJson(wire.body, watchedKeys, 512),
  })
}

const bodyOf = (members: object): string =>
  JSON.stringify({ model: 'claude-sonnet-5-5', max_tokens: 16, messages: [], ...members })

const refusal = (body: string): { code: string; param: string | undefined; message: string } => {
  try {
    factsOf(body)
  } catch (error) {
    if (error instanceof GatewayError) {
      return { code: error.code, param: error.param, message: error.message }
    }
  }
  throw new Error('it was accepted')
}

describe('facts of a request', () => {
  test('the model with the span of its literal, the limit and the stream flag', () => {
    const body = '{"max_tokens":0, "model" : "claude-\\u0078" ,"stream":true,"messages":[]}'
    const found = factsOf(body)
    expect(found).toMatchObject({ model: 'claude-x', stream: true, maxOutputTokens: 0, handles: [] })
    expect(body.slice(found.modelSpan?.start, found.modelSpan?.end)).toBe('"claude-\\u0078"')
  })

  test('of doubled members the last counts, as in every JSON parser', () => {
    expect(factsOf('{"model":"a","model":"b","messages":[]}').model).toBe('b')
  })

  test('wrong types are refused with the name of the member', () => {
    expect(refusal('[]')).toMatchObject({ code: 'gateway_request_invalid', param: 'body' })
    expect(refusal('{"messages":[]}')).toEqual({
      code: 'gateway_model_missing',
      param: 'model',
      message: 'model: field required',
    })
    for (const [members, param] of [
      [{ model: 5 }, 'model'],
      [{ model: '' }, 'model'],
      [{ stream: 'yes' }, 'stream'],
      [{ stream: 1 }, 'stream'],
      [{ max_tokens: '5' }, 'max_tokens'],
      [{ max_tokens: 1.5 }, 'max_tokens'],
      [{ max_tokens: -1 }, 'max_tokens'],
      [{ container: 5 }, 'container'],
      [{ container: { id: 5 } }, 'container.id'],
      [{ thread: 'x' }, 'thread'],
      [{ thread: { previous_message_id: 5 } }, 'thread.previous_message_id'],
    ] as const) {
      expect(refusal(bodyOf(members))).toMatchObject({ code: 'gateway_request_invalid', param })
    }
  })

  test('null stands for absent', () => {
    expect(factsOf(bodyOf({ stream: null, max_tokens: null, container: null, thread: null }))).toMatchObject({
      stream: false,
      handles: [],
    })
  })

  test('inherited names are no members', () => {
    const found = factsOf('{"__proto__":{"model":"evil","stream":true},"model":"m","messages":[]}')
    expect(found).toMatchObject({ model: 'm', stream: false })
  })
})

describe('handles', () => {
  test('a container by id or by object', () => {
    expect(factsOf(bodyOf({ container: 'container_1' })).handles).toEqual([
      { kind: 'container', id: 'container_1', path: 'container' },
    ])
    expect(factsOf(bodyOf({ container: { id: 'container_2', skills: [] } })).handles).toEqual([
      { kind: 'container', id: 'container_2', path: 'container.id' },
    ])
    expect(factsOf(bodyOf({ container: { skills: [] } })).handles).toEqual([])
  })

  test('a thread that goes on, and one that begins', () => {
    const going = factsOf(bodyOf({ thread: { type: 'continue', previous_message_id: 'msg_1' } }))
    expect(going.handles).toEqual([{ kind: 'response', id: 'msg_1', path: 'thread.previous_message_id' }])
    expect(going.answerIsState).toBe(true)
    expect(factsOf(bodyOf({ thread: { type: 'create' } }))).toMatchObject({
      handles: [],
      answerIsState: true,
    })
  })

  test('files in sources, uploads and results, at any depth and under escaped keys', () => {
    const body = `{"model":"m","messages":[{"role":"user","content":[
      {"type":"document","source":{"type":"file","file_id":"file_1"}},
      {"type":"container_upload","\\u0066ile_id":"file_2"},
      {"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"file","file_id":"file_3"}}]},
      {"type":"bash_code_execution_tool_result","tool_use_id":"s","content":{"content":[{"file_id":"file_4"}]}}]}]}`
    expect(factsOf(body).handles.map(({ id }) => id)).toEqual(['file_1', 'file_2', 'file_3', 'file_4'])
  })

  test('doubled file ids are all references: which one the provider takes is not ours to guess', () => {
    const body = '{"model":"m","messages":[{"content":[{"source":{"file_id":"file_a","file_id":"file_b"}}]}]}'
    expect(factsOf(body).handles.map(({ id }) => id)).toEqual(['file_a', 'file_b'])
  })

  test("a tool's own file_id is no reference", () => {
    const found = factsOf(
      bodyOf({
        messages: [
          { role: 'assistant', content: [{ type: 'tool_use', id: 't', input: { file_id: 'mine' } }] },
        ],
        tools: [
          {
            name: 'read',
            input_schema: { type: 'object', properties: { file_id: { type: 'string', default: 'x' } } },
            input_examples: [{ file_id: 'y' }],
          },
        ],
      }),
    )
    expect(found.handles).toEqual([])
  })
})

describe('session', () => {
  const uuid = '0b6f1c2e-5f4e-4a8f-9d2b-7f1f6f3a9c11'

  test('by header, else by the user id in both forms', () => {
    const user = (user_id: unknown) => bodyOf({ metadata: { user_id } })
    expect(factsOf(user('x'), { 'X-Claude-Code-Session-Id': 'abc' }).session).toBe('abc')
    expect(factsOf(user('x'), { 'x-session-id': 'ses_1' }).session).toBe('ses_1')
    expect(factsOf(user('x'), { 'x-session-affinity': 'ses_2' }).session).toBe('ses_2')
    expect(factsOf(user(`user_${'a'.repeat(64)}_account__session_${uuid}`)).session).toBe(uuid)
    expect(factsOf(user(JSON.stringify({ device_id: 'd', session_id: uuid }))).session).toBe(uuid)
    for (const other of ['plain', 'a_session_short', '{broken', '{"session_id":5}', 5, null]) {
      expect(factsOf(user(other)).session).toBeUndefined()
    }
    expect(sessionInUserId(`_session_${uuid}`)).toBe(uuid)
  })

  test.skipIf(!corpusAvailable('sessions of recorded clients'))(
    'every recorded Claude Code request names its session',
    () => {
      const recordings = clientRecordings(({ path }) => path === '/v1/messages').filter(
        ({ name, text }) => name.startsWith('claude-code') && text !== '',
      )
      expect(recordings.length).toBeGreaterThan(30)
      for (const { headers, text } of recordings) {
        expect(factsOf(text, Object.fromEntries(headers)).session).toMatch(/^[0-9a-f-]{36}$/)
      }
    },
  )
})

describe('other endpoints', () => {
  const scan = scanJson(new TextEncoder().encode('{}'), watchedKeys, 512)

  test('a list of models has no facts, one model its name', () => {
    const wire = wireRequest(anthropicMessages, { method: 'GET', path: '/v1/models/a%2Fb', body: '' })
    expect(facts({ ...wire, endpoint: endpointOf('/v1/models'), scan })).toEqual({
      stream: false,
      handles: [],
    })
    expect(facts({ ...wire, endpoint: endpointOf('/v1/models/{model}'), scan }).model).toBe('a/b')
  })
})
