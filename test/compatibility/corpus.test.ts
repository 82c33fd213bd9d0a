/**
 * Every recorded provider answer, served by an upstream and read through a real gateway: the client gets the bytes
 * that were recorded, and the ledger holds the usage that was recorded.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  type CorpusFolder,
  type CorpusRecord,
  corpus,
  corpusAvailable,
  streamBytes,
} from '../support/corpus.ts'
import { type LedgerEntry, oneCall, startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { inParallel } from './in-parallel.ts'
import { type Ending, recordedEnding, recordedUsage } from './recorded-usage.ts'

const available = corpusAvailable('recorded answers through the gateway')

let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  if (!available) return
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      ...oneCall,
      'providers:',
      `  up-openai: { kind: openai-compatible, protocols: [openai-chat, openai-responses, openai-embeddings], base_url: "${upstream.url}/v1", api_key: upstream-secret-key, models: ["test-model"] }`,
      `  up-anthropic: { kind: anthropic-compatible, base_url: "${upstream.url}", api_key: upstream-secret-key, models: ["test-claude"] }`,
      `  up-gemini: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: upstream-secret-key, models: ["test-gemini"] }`,
    ],
  })
  upstream.answer = (seen) => {
    const record = byName.get(seen.headers['x-corpus-record'] ?? '')
    if (record === undefined) return new Response('no such record', { status: 500 })
    return new Response(Buffer.from(recordedBytes(record)), {
      status: record.status,
      headers: { 'content-type': contentType(record) },
    })
  }
})

afterAll(async () => {
  if (!available) return
  await gateway.stop()
  await upstream.stop()
})

const folders: readonly CorpusFolder[] = ['anthropic', 'chat', 'responses', 'gemini']
const records = folders.flatMap(corpus)
/** The same streams, broken off after half of their events. */
const half = '#half'
const isHalf = (record: CorpusRecord): boolean => record.name.endsWith(half)
const halved = records
  .filter((record) => record.frames.length > 1)
  .map(
    (record): CorpusRecord => ({
      ...record,
      name: record.name + half,
      frames: record.frames.slice(0, Math.ceil(record.frames.length / 2)),
      rawSse: undefined,
    }),
  )
const byName = new Map([...records, ...halved].map((record) => [nameOf(record), record]))
/** Refused credentials are the gateway's own affair and never passed on. */
const isRefusal = (record: CorpusRecord): boolean => [401, 402, 403].includes(record.status)
const hasAnswer = (record: CorpusRecord): boolean => record.stream || record.response !== undefined

function nameOf(record: CorpusRecord): string {
  return `${record.folder}/${record.name}`
}

const recordedBytes = (record: CorpusRecord): Uint8Array => {
  if (!record.stream) return new TextEncoder().encode(record.response?.text ?? '')
  const bytes = streamBytes(record)
  // The closing bracket of an array would be an end.
  return isHalf(record) && record.framing === 'json-array' ? bytes.subarray(0, -2) : bytes
}

const contentType = (record: CorpusRecord): string =>
  record.stream && record.framing === 'sse' ? 'text/event-stream' : 'application/json'

/** The smallest request that such an answer could follow. */
const requestOf = (record: CorpusRecord): { readonly path: string; readonly body: unknown } => {
  const user = [{ role: 'user', content: 'hi' }]
  const stream = record.stream ? { stream: true } : {}
  switch (record.folder) {
    case 'anthropic':
      return {
        path: '/v1/messages',
        body: { model: 'test-claude', max_tokens: 9, messages: user, ...stream },
      }
    case 'chat': {
      const usage = record.stream ? { stream_options: { include_usage: true } } : {}
      return {
        path: '/v1/chat/completions',
        body: { model: 'test-model', messages: user, ...stream, ...usage },
      }
    }
    case 'responses':
      return { path: '/v1/responses', body: { model: 'test-model', input: 'hi', ...stream } }
    case 'gemini': {
      const query = record.framing === 'sse' ? '?alt=sse' : ''
      const action = record.stream ? `streamGenerateContent${query}` : 'generateContent'
      return {
        path: `/v1beta/models/test-gemini:${action}`,
        body: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
      }
    }
  }
}

interface Answer {
  readonly status: number
  readonly error: string | null
  readonly bytes: Uint8Array
  readonly entry: LedgerEntry | null
}

const ask = async (record: CorpusRecord): Promise<Answer> => {
  const { path, body } = requestOf(record)
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-corpus-record': nameOf(record),
      [record.folder === 'gemini' ? 'x-goog-api-key' : 'authorization']:
        record.folder === 'gemini' ? testKey : `Bearer ${testKey}`,
    },
    body: JSON.stringify(body),
  })
  const bytes = await response.bytes()
  const exchange = response.headers.get('x-tollgate-request-id')
  const found = (await gateway.admin(`/entries/${exchange}`)) as { readonly entry?: LedgerEntry | null }
  return {
    status: response.status,
    error: response.headers.get('x-tollgate-error'),
    bytes,
    entry: found.entry ?? null,
  }
}

const outcomes: Readonly<Record<Ending, string>> = {
  complete: 'success',
  failed: 'upstream_error',
  cut: 'upstream_died',
}

/** What each protocol's clients take for a failure in the middle of a stream. */
const errorForms: Readonly<Record<CorpusFolder, RegExp>> = {
  anthropic: /event: error\ndata: \{"type":"error","error":\{"type":"\w+"/,
  chat: /data: \{"error":\{"message":"[^"]+","type":"server_error"/,
  responses: /event: response\.failed\ndata: .*"status":"failed"/,
  gemini: /"error":\{"code":50\d,/,
}

const successMarks: Readonly<Record<CorpusFolder, RegExp>> = {
  anthropic: /message_stop|end_turn/,
  chat: /\[DONE\]|"finish_reason":"/,
  responses: /response\.completed/,
  gemini: /finishReason/,
}

/** Everything that is wrong with one record's passage; empty when nothing is. */
const faultsOf = async (record: CorpusRecord): Promise<readonly string[]> => {
  const faults: string[] = []
  const check = (what: string, found: unknown, wanted: unknown): void => {
    if (!Bun.deepEquals(found, wanted, true))
      faults.push(
        `${nameOf(record)}: ${what} is ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`,
      )
  }
  const answer = await ask(record)
  const bytes = recordedBytes(record)
  const refused = record.status >= 400
  const ending = recordedEnding(record)
  check('status', answer.status, record.status)
  check('outcome', answer.entry?.outcome, refused ? 'upstream_error' : outcomes[ending])
  check('provider', answer.entry?.provider?.startsWith('up-'), true)
  if (ending === 'cut') {
    const text = new TextDecoder().decode(answer.bytes)
    const added = text.slice(new TextDecoder().decode(bytes).trimEnd().length)
    check('start of the stream', Buffer.from(answer.bytes).indexOf(trimmed(bytes)), 0)
    check('error form at the end', errorForms[record.folder].test(added) || added, true)
    check('invented success', successMarks[record.folder].test(added), false)
    check('usage source', answer.entry?.usageSource, 'estimated')
    return faults
  }
  if (!Buffer.from(answer.bytes).equals(bytes)) {
    faults.push(`${nameOf(record)}: ${answer.bytes.length} bytes differ from the ${bytes.length} recorded`)
  }
  if (ending === 'complete' || refused) {
    check('usage', answer.entry?.usage ?? undefined, refused ? undefined : recordedUsage(record))
  }
  return faults
}

const trimmed = (bytes: Uint8Array): Buffer =>
  Buffer.from(Buffer.from(bytes).toString('latin1').trimEnd(), 'latin1')

describe.skipIf(!available)('recorded answers through the gateway', () => {
  for (const folder of folders) {
    for (const stream of [false, true]) {
      const chosen = records.filter(
        (one) => one.folder === folder && one.stream === stream && hasAnswer(one) && !isRefusal(one),
      )
      const kind = stream ? 'streams' : 'whole answers'
      test(`${chosen.length} ${kind} of ${folder} arrive byte for byte and are metered as recorded`, async () => {
        expect(chosen.length).toBeGreaterThan(0)
        const faults = await inParallel(8, chosen, faultsOf)
        expect(faults.flat()).toEqual([])
      }, 60_000)
    }
  }

  for (const folder of folders) {
    const halves = [...byName.values()].filter((one) => one.folder === folder && isHalf(one))
    test(`${halves.length} streams of ${folder} that break off halfway end in an error`, async () => {
      expect(halves.length).toBeGreaterThan(0)
      expect(halves.filter((one) => recordedEnding(one) === 'cut').length).toBeGreaterThan(halves.length / 2)
      expect((await inParallel(8, halves, faultsOf)).flat()).toEqual([])
    }, 60_000)
  }

  test('an answer that refuses our credential is told as ours, not passed on', async () => {
    const faults: string[] = []
    for (const record of records.filter((one) => hasAnswer(one) && isRefusal(one))) {
      const answer = await ask(record)
      const code = 'gateway_upstream_credentials_exhausted'
      if (answer.error !== code || answer.status < 500 || answer.entry?.error !== code)
        faults.push(`${nameOf(record)}: ${answer.status} ${answer.error}`)
      await gateway.admin('/config/reload', { method: 'POST' })
    }
    expect(faults).toEqual([])
  })
})
