/** The requests of real agents, which name no output limit or a huge one, under the budget of an ordinary day. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FakeUpstream, kitFolder, startFakeUpstream } from '../support/fake-upstream.ts'
import { startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { announceSkip } from '../support/shared.ts'
import { readRecordings } from './recorded-requests.ts'

const kit = kitFolder()
const recordings = readRecordings().filter(
  ({ method, body, status, refused, faulted, url }) =>
    method === 'POST' &&
    body !== undefined &&
    status === 200 &&
    !refused &&
    !faulted &&
    !body.includes('"previous_response_id":"') &&
    !/count_tokens|countTokens|input_tokens|compact|conversations|embed/.test(url),
)
const isAbsent = kit === undefined || recordings.length === 0
if (isAbsent) announceSkip('budgets of recorded agents', 'no recordings and tools at TGW_SHARED or ../shared')

/** Recordings of one run are numbered. */
const sessionOf = (name: string): string => name.replace(/-\d+$/, '')

let fake: FakeUpstream
let gateway: TestGateway

beforeAll(async () => {
  if (kit === undefined) return
  fake = await startFakeUpstream(kit, ['--api-key', 'upstream-secret-key'])
  const { url } = fake
  gateway = await startGateway({
    config: [
      'providers:',
      `  up-openai: { kind: openai-compatible, protocols: [openai-chat, openai-responses], base_url: "${url}/v1", api_key: upstream-secret-key }`,
      `  up-anthropic: { kind: anthropic-compatible, base_url: "${url}", api_key: upstream-secret-key }`,
      `  up-gemini: { kind: gemini-compatible, base_url: "${url}", api_key: upstream-secret-key }`,
      'work_mode: passthrough',
      'routes:',
      '  - { match: "*", targets: [up-openai, up-anthropic, up-gemini] }',
      // The dearest model that agents use every day.
      'prices: [{ match: "*", input_per_mtok: 5, cache_write_per_mtok: "6.25", output_per_mtok: 25 }]',
      'budgets: [{ level: session, limit_usd: "5.00", period: forever }]',
    ],
  })
})
afterAll(async () => {
  if (kit === undefined) return
  await fake.stop()
  await gateway.stop()
})

describe.skipIf(isAbsent)('5 USD for each session', () => {
  test('are enough for what agents were recorded with', async () => {
    const refused: string[] = []
    for (const { name, url, headers, body, method } of recordings) {
      const { host: _, 'content-length': _length, ...sent } = headers
      const response = await fetch(gateway.url + url.replace(/[?&]key=[^&]*/, ''), {
        method,
        headers: {
          ...Object.fromEntries(
            Object.entries(sent).filter(
              ([header]) => !/^(authorization|x-api-key|x-goog-api-key)$/.test(header),
            ),
          ),
          authorization: `Bearer ${testKey}`,
          'x-tollgate-session': sessionOf(name),
        },
        body: body ?? null,
      })
      await response.arrayBuffer()
      if (response.status !== 200)
        refused.push(`${name} ${response.status} ${response.headers.get('x-tollgate-error')}`)
    }
    console.log(`${recordings.length} recorded requests under budgets of 5 USD`)
    expect(refused).toEqual([])
    const sessions = new Set(recordings.map(({ name }) => sessionOf(name)))
    const usage = (await gateway.admin('/usage?by=session&limit=1000')) as {
      rows: { group: string; costUsd: string }[]
    }
    expect(new Set(usage.rows.map(({ group }) => group))).toEqual(sessions)
    for (const { costUsd } of usage.rows) expect(Number(costUsd)).toBeLessThan(5)
  }, 120_000)
})
