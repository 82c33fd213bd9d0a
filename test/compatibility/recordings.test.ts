/**
 * Every request that a real client was recorded with, sent through the gateway to a strict stand-in of its provider:
 * it arrives as the client sent it, the stand-in takes what it took from the client itself, and its answer comes back.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FakeUpstream, kitFolder, startFakeUpstream } from '../support/fake-upstream.ts'
import { startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { announceSkip, sharedFolder } from '../support/shared.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { inParallel } from './in-parallel.ts'
import { type Recording, readRecordings } from './recorded-requests.ts'

const shared = sharedFolder()
const kit = kitFolder()
const absent = shared === undefined || kit === undefined
if (absent) announceSkip('recorded client requests', 'no recordings and tools at TGW_SHARED or ../shared')

const recordings = readRecordings()
const isLocal = (one: Recording): boolean => one.method === 'HEAD' || /\/models(\?|$)/.test(one.url)
const isUpgrade = (one: Recording): boolean => one.method === 'GET' && one.headers['upgrade'] !== undefined
const isFrame = (one: Recording): boolean => one.method === 'WS'
const chain = /"previous_response_id":"(\w+)"/
const callId = /"call_id":"\w+"/
const isChained = (one: Recording): boolean => chain.test(one.body?.toString() ?? '')
const passing = recordings.filter(
  (one) => !isLocal(one) && !isUpgrade(one) && !isFrame(one) && !isChained(one),
)

let fake: FakeUpstream
let recorder: TestUpstream
let gateway: TestGateway
/** What the stand-in answered to each recording. */
const answered = new Map<string, Buffer>()

beforeAll(async () => {
  if (kit === undefined) return
  const skipped = recordings.filter(isFrame).map((one) => one.name)
  announceSkip(skipped.join(', '), 'WebSocket frames, which the gateway refuses with 426')
  fake = await startFakeUpstream(kit, ['--api-key', 'upstream-secret-key'])
  recorder = startUpstream()
  recorder.answer = async (seen) => {
    const { host: _host, ...headers } = seen.headers
    const response = await fetch(fake.url + seen.path + seen.query, {
      method: seen.method,
      headers,
      body: Buffer.from(seen.body),
      decompress: false,
    })
    const body = Buffer.from(await response.bytes())
    answered.set(seen.headers['x-recording'] ?? '', body)
    return new Response(body, { status: response.status, headers: response.headers })
  }
  const { url } = recorder
  gateway = await startGateway({
    config: [
      'providers:',
      `  up-openai: { kind: openai-compatible, protocols: [openai-chat, openai-responses, openai-embeddings], base_url: "${url}/v1", api_key: upstream-secret-key }`,
      `  up-anthropic: { kind: anthropic-compatible, base_url: "${url}", api_key: upstream-secret-key }`,
      `  up-gemini: { kind: gemini-compatible, base_url: "${url}", api_key: upstream-secret-key }`,
      'work_mode: passthrough',
      'routes:',
      '  - { match: "*", targets: [up-openai, up-anthropic, up-gemini] }',
    ],
  })
})

afterAll(async () => {
  if (kit === undefined) return
  // First what no failed start may leave behind.
  await fake.stop()
  await recorder.stop()
  await gateway.stop()
})

const credentials = ['authorization', 'x-api-key', 'x-goog-api-key']
/** What belongs to one connection, and is written anew for the next. */
const connectionHeaders = ['host', 'connection', 'content-length', 'accept-encoding', 'transfer-encoding']
const staysHere = (name: string): boolean =>
  credentials.includes(name) || connectionHeaders.includes(name) || name.startsWith('sec-')

const headersToSend = (one: Recording): Record<string, string> => {
  const headers: Record<string, string> = { 'x-recording': one.name }
  for (const [name, value] of Object.entries(one.headers)) {
    if (connectionHeaders.includes(name) && name !== 'accept-encoding') continue
    headers[name] = !value.includes('***(')
      ? value
      : value.startsWith('Bearer')
        ? `Bearer ${testKey}`
        : testKey
  }
  return headers
}

const send = (one: Recording, body = one.body): Promise<Response> =>
  fetch(gateway.url + one.url, {
    method: one.method,
    headers: headersToSend(one),
    decompress: false,
    ...(body === undefined ? {} : { body }),
  })

const without = (
  headers: Readonly<Record<string, string>>,
  drop: (name: string) => boolean,
): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !drop(name) && name !== 'x-recording'))

/** The one exception: a chat stream without usage is asked for it, and the chunk that this brings is kept here. */
const asksForUsage = (one: Recording): boolean => {
  if (!one.url.endsWith('/chat/completions')) return false
  const body = JSON.parse(one.body?.toString() ?? '{}')
  return body.stream === true && body.stream_options?.include_usage !== true
}

const withUsage = (body: Buffer | undefined): string =>
  `${body?.toString().slice(0, -1)},"stream_options":{"include_usage":true}}`

const withoutUsage = (stream: string): string =>
  stream
    .split(/(?<=\n\n)/)
    .filter((block) => !block.includes('"choices":[]'))
    .join('')

/** Everything that is wrong with one recording's passage; empty when nothing is. */
const faultsOf = async (one: Recording, body = one.body): Promise<readonly string[]> => {
  const faults: string[] = []
  const response = await send(one, body)
  const got = Buffer.from(await response.bytes())
  const seen = recorder.seen.find((candidate) => candidate.headers['x-recording'] === one.name)
  if (seen === undefined)
    return [`${one.name}: did not arrive: ${response.status} ${got.toString().slice(0, 200)}`]
  const check = (what: string, found: unknown, wanted: unknown): void => {
    if (!Bun.deepEquals(found, wanted, true))
      faults.push(`${one.name}: ${what} is ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`)
  }
  check('address', `${seen.method} ${seen.path}${seen.query}`, `${one.method} ${one.url}`)
  check('headers', without(seen.headers, staysHere), without(one.headers, staysHere))
  const wanted = Buffer.from(asksForUsage(one) ? withUsage(body) : (body ?? ''))
  if (!wanted.equals(seen.body)) {
    faults.push(`${one.name}: the body changed: ${Buffer.from(seen.body).toString().slice(-300)}`)
  }
  check('status', response.status, one.refused ? 400 : one.faulted ? 200 : one.status)
  if (one.refused && response.status !== 400) return faults
  const said = answered.get(one.name)?.toString() ?? ''
  if (got.toString() !== (asksForUsage(one) ? withoutUsage(said) : said))
    faults.push(`${one.name}: the answer changed: ${got.toString().slice(0, 300)}`)
  return faults
}

describe.skipIf(absent)('recorded client requests through the gateway', () => {
  const families = new Map<string, Recording[]>()
  for (const one of passing) {
    const family = one.url.includes('/messages')
      ? 'anthropic-messages'
      : one.url.includes('/chat/completions')
        ? 'openai-chat'
        : one.url.includes('/responses')
          ? 'openai-responses'
          : one.url.includes('/embeddings')
            ? 'openai-embeddings'
            : 'gemini'
    families.set(family, [...(families.get(family) ?? []), one])
  }
  for (const [family, chosen] of families) {
    test(`${chosen.length} of ${family} arrive as they were sent`, async () => {
      const faults = await inParallel(6, chosen, (one) => faultsOf(one))
      expect(faults.flat()).toEqual([])
    }, 60_000)
  }

  test('a chain of responses goes on from an id that this gateway issued', async () => {
    const faults: string[] = []
    const chained = recordings.filter(isChained).filter((one) => !isFrame(one))
    expect(chained.length).toBeGreaterThan(0)
    for (const one of chained) {
      const earlier = recordings[recordings.indexOf(one) - 1]
      const said = answered.get(earlier?.name ?? '')?.toString() ?? ''
      const id = /"id":"(resp_\w+)"/.exec(said)?.[1]
      const call = callId.exec(said)?.[0]
      if (id === undefined || call === undefined) {
        faults.push(`${one.name}: ${earlier?.name} gave no response id or no call`)
        continue
      }
      const recorded = one.body?.toString() ?? ''
      const body = recorded.replace(chain, `"previous_response_id":"${id}"`).replace(callId, call)
      faults.push(...(await faultsOf(one, Buffer.from(body))))
      const foreign = await send(one)
      if (foreign.status !== 404 && foreign.status !== 400)
        faults.push(`${one.name}: a foreign id was answered with ${foreign.status}`)
    }
    expect(faults).toEqual([])
  })

  test('model lists and HEAD are answered here, in the shape of who asks', async () => {
    const chosen = recordings.filter(isLocal)
    expect(chosen.length).toBeGreaterThan(0)
    for (const one of chosen) {
      const response = await fetch(gateway.url + one.url, { method: one.method, headers: headersToSend(one) })
      expect([one.name, response.status]).toEqual([one.name, 200])
      if (one.method === 'HEAD') continue
      const list = (await response.json()) as Record<string, unknown>
      const isGemini = one.headers['x-goog-api-key'] !== undefined
      const isAnthropic = one.headers['anthropic-version'] !== undefined
      expect(Object.keys(list)).toContain(isGemini ? 'models' : isAnthropic ? 'has_more' : 'data')
    }
    expect(recorder.seen.filter((seen) => seen.path.endsWith('/models'))).toEqual([])
  })

  test('a WebSocket is refused with 426, so that clients fall back to HTTP', async () => {
    const chosen = recordings.filter(isUpgrade)
    expect(chosen.length).toBeGreaterThan(0)
    for (const one of chosen) {
      const { upgrade: _upgrade, ...headers } = headersToSend(one)
      const response = await fetch(gateway.url + one.url, {
        headers: { ...headers, connection: 'Upgrade', upgrade: 'websocket' },
      })
      expect([one.name, response.status]).toEqual([one.name, 426])
    }
  })
})
