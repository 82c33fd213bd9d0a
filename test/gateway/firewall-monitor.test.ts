/**
 * Recorded traffic of providers through a gateway that watches with every detector, and through one that redacts and
 * finds nothing: requests and answers, whole and streamed, are byte for byte those of a gateway without a firewall.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { protocols } from '../../src/protocols/index.ts'
import {
  type CorpusFolder,
  type CorpusRecord,
  corpus,
  corpusAvailable,
  matchEndpoint,
  streamBytes,
} from '../support/corpus.ts'
import { oneCall, startGateway, type TestGateway } from '../support/gateway.ts'
import { jsonStrings } from '../support/json-strings.ts'
import { postAs } from '../support/mirror-client.ts'
import { pieces, startUpstream, type TestUpstream } from '../support/upstream.ts'
import { type TranslationCase, translationCases } from './translation-cases.ts'

setDefaultTimeout(300_000)

const isPresent = corpusAvailable('the firewall over recorded traffic')

const folders: Readonly<Record<string, CorpusFolder>> = {
  'openai-chat': 'chat',
  'openai-responses': 'responses',
  'anthropic-messages': 'anthropic',
  gemini: 'gemini',
}

let upstream: TestUpstream
let gateway: TestGateway
const keys: Record<string, string> = {}

beforeAll(async () => {
  if (!isPresent) return
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      ...oneCall,
      'providers:',
      ...translationCases.map((one) => `  ${one.provider}: ${one.config(upstream.url)}`),
      'firewall:',
      '  input: monitor',
      '  output: monitor',
      '  personal_types: { on: [IP_ADDRESS, MAC_ADDRESS] }',
      '  loops: { warn_after: 0, stop_after: 0 }',
      '  overrides:',
      '    - { key: without, input: off, output: off }',
      '    - { key: redacting, input: redact, output: off }',
    ],
  })
  for (const name of ['without', 'watched', 'redacting']) {
    const made = (await gateway.admin('/keys', { method: 'POST', body: JSON.stringify({ name }) })) as {
      secret: string
    }
    keys[name] = made.secret
  }
})

afterAll(async () => {
  if (!isPresent) return
  await gateway.stop()
  await upstream.stop()
})

interface Passed {
  readonly asked: string
  readonly answered: string
  readonly status: number
  readonly firewall: string
}

/** One recorded exchange with one key; the stream is cut as `random` says. */
const pass = async (
  one: TranslationCase,
  record: CorpusRecord,
  key: string,
  size: number,
): Promise<Passed> => {
  const bytes = record.stream ? streamBytes(record) : new TextEncoder().encode(record.response?.text ?? '')
  upstream.answer = () =>
    record.stream
      ? new Response(pieces(bytes, size), {
          headers: {
            'content-type': record.framing === 'sse' ? 'text/event-stream' : 'application/json',
          },
        })
      : new Response(new Uint8Array(bytes), {
          status: record.status,
          headers: { 'content-type': 'application/json' },
        })
  upstream.seen.length = 0
  const { path, body } = requestOf(one, record)
  const { response, bytes: said } = await postAs(gateway, { path, body, key })
  const answered = Buffer.from(said).toString('latin1')
  return {
    // The gateway's own errors name the exchange.
    answered: response.status < 400 ? answered : answered.replace(/req_[0-9A-Z]{26}/g, 'req_'),
    status: response.status,
    firewall: response.headers.get('x-tollgate-firewall') ?? '',
    asked: upstream.seen.map(({ body }) => Buffer.from(body).toString('latin1')).join('\n'),
  }
}

const requestOf = (
  one: TranslationCase,
  record: CorpusRecord,
): { readonly path: string; readonly body: string } => {
  const model = `${one.provider}/m`
  const text = record.request?.text
  const recordedPath = new URL(record.endpoint?.split(' ').at(-1) ?? '/', 'http://gateway').pathname
  const isGenerating =
    matchEndpoint(protocols[one.protocol], 'POST', recordedPath)?.endpoint.operation !== 'count-tokens'
  const path =
    one.protocol === 'gemini' && record.framing === 'json-array'
      ? `/v1beta/models/${encodeURIComponent(model)}:streamGenerateContent`
      : one.path(encodeURIComponent(model), record.stream)
  if (text === undefined || !text.startsWith('{') || !isGenerating) {
    return { path, body: JSON.stringify(one.body(model, record.stream)) }
  }
  const bytes = Buffer.from(text)
  const [named] = jsonStrings(bytes).filter(({ path: at }) => at.length === 1 && at[0] === 'model')
  return {
    path,
    body:
      named === undefined
        ? text
        : bytes.toString('utf8', 0, named.start) + JSON.stringify(model) + bytes.toString('utf8', named.end),
  }
}

describe.skipIf(!isPresent)('recorded traffic', () => {
  for (const one of translationCases) {
    test(`of ${one.protocol} passes as if nobody looked`, async () => {
      const random = seeded(7)
      const counts = { passed: 0, streams: 0, refused: 0, found: 0, redacted: 0, bytes: 0 }
      for (const record of corpus(folders[one.protocol] ?? 'chat')) {
        const quiet = await pass(one, record, keys['without'] ?? '', 1 + Math.floor(random() * 900))
        if (quiet.asked === '') {
          counts.refused += 1
          continue
        }
        const watched = await pass(one, record, keys['watched'] ?? '', 1 + Math.floor(random() * 900))
        expect([record.name, watched.asked]).toEqual([record.name, quiet.asked])
        expect([record.name, watched.status]).toEqual([record.name, quiet.status])
        expect([record.name, watched.answered]).toEqual([record.name, quiet.answered])
        const redacting = await pass(one, record, keys['redacting'] ?? '', 1 + Math.floor(random() * 900))
        if (redacting.firewall.includes('redacted')) counts.redacted += 1
        else {
          expect([record.name, redacting.asked]).toEqual([record.name, quiet.asked])
          expect([record.name, redacting.answered]).toEqual([record.name, quiet.answered])
        }
        counts.passed += 1
        if (record.stream) counts.streams += 1
        if (watched.firewall !== '') counts.found += 1
        counts.bytes += quiet.answered.length + quiet.asked.length
      }
      console.log(`${one.protocol}: ${JSON.stringify(counts)}`)
      expect(counts.passed).toBeGreaterThan(20)
      expect(counts.streams).toBeGreaterThan(5)
    })
  }
})

const seeded = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
