import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FrozenUpstream, startFrozenUpstream } from '../support/frozen-upstream.ts'
import { startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

/** Calls that come to nothing: what they cost, and whether they may have reached the provider. */
let upstream: TestUpstream
let spare: TestUpstream
let used: FrozenUpstream
let fresh: FrozenUpstream
let gateway: TestGateway

const provider = (name: string, url: string): string =>
  `  ${name}: { kind: openai-compatible, protocols: [openai-responses], base_url: "${url}/v1", api_key: k, models: ["nothing"] }`

beforeAll(async () => {
  upstream = startUpstream()
  spare = startUpstream()
  spare.answer = () =>
    Response.json({ id: 'resp_2', object: 'response', status: 'completed', model: 'm', output: [] })
  used = await startFrozenUpstream()
  fresh = await startFrozenUpstream()
  gateway = await startGateway({
    config: [
      'timeouts: { connect: 1s, first_byte: 3s }',
      'retry: { tries: 1 }',
      'circuits: { failures: 0 }',
      'providers:',
      provider('up', upstream.url),
      provider('used', used.url),
      provider('fresh', fresh.url),
      provider('spare', spare.url),
      provider('gone', 'http://127.0.0.1:1'),
      'routes:',
      '  - { match: up, targets: [up] }',
      '  - { match: unpriced, targets: [{ provider: up, model: unpriced }] }',
      '  - { match: gone, targets: [gone] }',
      '  - { match: used, targets: [used, spare] }',
      '  - { match: fresh, targets: [fresh, spare] }',
      'prices:',
      ...['up', 'gone', 'used', 'fresh', 'm'].map(
        (match) => `  - { match: ${match}, input_per_mtok: "4", output_per_mtok: "10" }`,
      ),
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  await spare.stop()
  await used.stop()
  await fresh.stop()
})

const ask = async (model: string, more: object = {}) => {
  const body = JSON.stringify({ model, input: 'hi', ...more })
  const response = await fetch(`${gateway.url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
    body,
  })
  const text = await response.text()
  const id = response.headers.get('x-tollgate-request-id')
  const row = () =>
    waitFor(async () => {
      const { entry, attempts } = (await gateway.admin(`/entries/${id}`)) as {
        entry: { costUsd: string | null } | null
        attempts: readonly {
          error: string | null
          costUsd: string | null
          usage: object | null
          usageSource: string | null
        }[]
      }
      return entry === null ? undefined : { costUsd: entry.costUsd, attempts }
    })
  return {
    status: response.status,
    text,
    provider: response.headers.get('x-tollgate-provider'),
    error: response.headers.get('x-tollgate-error'),
    bytes: body.length,
    row,
  }
}

describe('a call that comes to nothing', () => {
  test('costs what was sent, as an estimate, where the provider may have had it', async () => {
    const broken = [
      () => new Promise<Response>(() => {}),
      () =>
        new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(new TextEncoder().encode('{"id":'))
              await Bun.sleep(10)
              controller.error(new Error('dies'))
            },
          }),
          { headers: { 'content-type': 'application/json' } },
        ),
      () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    ]
    const codes = ['gateway_upstream_timeout', 'gateway_upstream_died', 'gateway_upstream_invalid']
    for (const [index, answer] of broken.entries()) {
      upstream.answer = answer
      const { bytes, row } = await ask('up', { store: false })
      const { costUsd, attempts } = await row()
      const inputTokens = Math.ceil(bytes / 4)
      expect(attempts).toMatchObject([
        { error: codes[index], usage: { inputTokens, outputTokens: 0 }, usageSource: 'estimated' },
      ])
      expect(Number(costUsd)).toBeCloseTo((inputTokens * 4) / 1_000_000, 12)
    }
  })

  test('costs nobody knows what where there is no price', async () => {
    upstream.answer = () => new Response('<html>', { headers: { 'content-type': 'text/html' } })
    const { row } = await ask('unpriced', { store: false })
    expect(await row()).toMatchObject({
      costUsd: null,
      attempts: [{ costUsd: null, usageSource: 'estimated' }],
    })
  })

  test('costs nothing where it was refused or reached nobody', async () => {
    const { row } = await ask('gone')
    expect(await row()).toMatchObject({ costUsd: '0.00', attempts: [{ costUsd: '0.00', usage: null }] })
    upstream.answer = () => Response.json({ error: { message: 'no', type: 'server_error' } }, { status: 500 })
    expect(await (await ask('up')).row()).toMatchObject({ costUsd: '0.00', attempts: [{ usage: null }] })
  })
})

describe('a provider that nobody can connect to any more', () => {
  test('may have had a request that is kept there, where an older connection was open: it is not sent elsewhere', async () => {
    expect(await ask('used')).toMatchObject({ status: 200, provider: 'used' })
    await used.freeze()
    expect(await ask('used')).toMatchObject({ status: 504, error: 'gateway_upstream_timeout' })
    expect(spare.seen.length).toBe(0)
    expect(await ask('used', { store: false })).toMatchObject({ status: 200, provider: 'spare' })
  }, 20_000)

  test('has had nothing where none was: the next target is asked', async () => {
    await fresh.freeze()
    expect(await ask('fresh')).toMatchObject({ status: 200, provider: 'spare' })
  }, 20_000)
})
