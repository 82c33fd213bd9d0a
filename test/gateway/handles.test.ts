import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { createTenantStore, createTenants } from '../../src/accounts/index.ts'
import { openDatabase } from '../../src/storage/index.ts'
import { startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { scriptedStream, startUpstream, type TestUpstream } from '../support/upstream.ts'

let upstream: TestUpstream
let gateway: TestGateway
let otherKey: string

beforeAll(async () => {
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      'providers:',
      `  up: { kind: openai-compatible, protocols: [openai-responses], base_url: "${upstream.url}/v1", api_keys: [key-one, key-two], models: ["test-model"] }`,
      `  up-anthropic: { kind: anthropic-compatible, base_url: "${upstream.url}", api_key: key-three, models: ["test-claude"] }`,
    ],
  })
  const database = await openDatabase(`sqlite:${join(gateway.dataDir, 'tollgate.db')}`)
  const organisation = await createTenants({
    store: createTenantStore(database),
    apply() {},
  }).createOrganisation({ name: 'others' })
  await database.close()
  const made = (await gateway.admin('/keys', {
    method: 'POST',
    body: JSON.stringify({ name: 'theirs', organisation: organisation.id }),
  })) as { secret: string }
  otherKey = made.secret
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

beforeEach(() => {
  upstream.seen.length = 0
})

let issued = 0
const answer = (): { readonly id: string; readonly response: Response } => {
  const id = `resp_${++issued}${'0'.repeat(40)}`
  return {
    id,
    response: Response.json({
      id,
      object: 'response',
      status: 'completed',
      model: 'test-model',
      output: [],
      store: true,
      usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
    }),
  }
}

const ask = (key: string, body: object, path = '/v1/responses', method = 'POST'): Promise<Response> =>
  fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(method === 'POST' ? { body: JSON.stringify({ model: 'test-model', input: 'hi', ...body }) } : {}),
  })

const create = async (
  key: string,
): Promise<{ readonly id: string; readonly credential: string | undefined }> => {
  const made = answer()
  upstream.answer = () => made.response
  expect((await ask(key, {})).status).toBe(200)
  const credential = upstream.seen.at(-1)?.headers['authorization']
  return { id: made.id, credential }
}

describe('an id of upstream state', () => {
  test('works for the organisation that got it, and no other, though they share the provider key', async () => {
    const { id } = await create(testKey)
    upstream.answer = () => answer().response
    upstream.seen.length = 0
    const uses = [
      (key: string) => ask(key, { previous_response_id: id }),
      (key: string) => ask(key, {}, `/v1/responses/${id}`, 'GET'),
      (key: string) => ask(key, {}, `/v1/responses/${id}/input_items`, 'GET'),
      (key: string) => ask(key, {}, `/v1/responses/${id}/cancel`),
      (key: string) => ask(key, {}, `/v1/responses/${id}`, 'DELETE'),
    ]
    for (const use of uses) {
      const foreign = await use(otherKey)
      expect([foreign.status, foreign.headers.get('x-tollgate-error')]).toEqual([
        404,
        'gateway_handle_unknown',
      ])
    }
    expect(upstream.seen.length).toBe(0)
    for (const use of uses) expect((await use(testKey)).status).toBe(200)
    expect(upstream.seen.length).toBe(uses.length)
  })

  test('that nobody was given is 404, and an escaped key does not hide it', async () => {
    const hidden = await fetch(`${gateway.url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testKey}` },
      body: '{"model":"test-model","input":"hi","previous\\u005fresponse_id":"resp_stolen"}',
    })
    expect(hidden.headers.get('x-tollgate-error')).toBe('gateway_handle_unknown')
    const file = await ask(testKey, {
      input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-stolen' }] }],
    })
    expect(file.headers.get('x-tollgate-error')).toBe('gateway_handle_unknown')
    const container = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': testKey },
      body: '{"model":"test-claude","max_tokens":1,"messages":[],"container":"container_stolen"}',
    })
    expect(container.headers.get('x-tollgate-error')).toBe('gateway_handle_unknown')
    expect(upstream.seen.length).toBe(0)
  })

  test('sticks to the credential that made it', async () => {
    for (let round = 0; round < 4; round++) {
      const { id, credential } = await create(testKey)
      for (let turn = 0; turn < 3; turn++) {
        upstream.answer = () => answer().response
        await ask(testKey, { previous_response_id: id })
        expect(upstream.seen.at(-1)?.headers['authorization']).toBe(credential)
      }
    }
  })

  test('can be used while its stream still runs', async () => {
    const script = scriptedStream()
    upstream.answer = () => script.response()
    const created = {
      type: 'response.created',
      sequence_number: 0,
      response: { id: 'resp_streaming', status: 'in_progress', store: true, output: [] },
    }
    script.write(`event: response.created\ndata: ${JSON.stringify(created)}\n\n`)
    const delta = { type: 'response.output_text.delta', sequence_number: 1, item_id: 'm', delta: 'so' }
    script.write(`event: response.output_text.delta\ndata: ${JSON.stringify(delta)}\n\n`)
    const stream = await ask(testKey, { stream: true })
    await stream.body?.getReader().read()
    upstream.answer = () =>
      Response.json({ id: 'resp_streaming', object: 'response', status: 'cancelled', output: [] })
    expect((await ask(testKey, {}, '/v1/responses/resp_streaming/cancel')).status).toBe(200)
    expect((await ask(otherKey, {}, '/v1/responses/resp_streaming/cancel')).status).toBe(404)
    script.end()
  })
})
