/**
 * Values that nobody has, each in a place of its own, in every text of every protocol's requests: none of them reaches
 * the provider, a log, a row, a metric, an error, a header or a file.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Leaf } from '../../src/ir/index.ts'
import { type Protocol, protocols, type WireRequest } from '../../src/protocols/index.ts'
import { type CompleteRequest, completeRequests } from '../support/complete-requests.ts'
import { clientRecordings, corpusAvailable, matchEndpoint, wireRequest } from '../support/corpus.ts'
import { allEntries, oneCall, startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { jsonStrings, memberName } from '../support/json-strings.ts'
import { type MirrorUpstream, startMirror } from '../support/mirror-upstream.ts'
import { reasonOf } from '../support/no-text.ts'
import { plant, type Seeds } from '../support/plant.ts'
import { plantedText, plantedValues } from '../support/planted-values.ts'
import { requestsOf } from '../support/recorded-requests.ts'
import { translationCases } from './translation-cases.ts'

setDefaultTimeout(300_000)

let mirror: MirrorUpstream
let gateway: TestGateway
const seeds: Seeds = { next: 1 }
/** Of every value that was planted: where. */
const planted = new Map<string, string>()

beforeAll(async () => {
  mirror = startMirror()
  mirror.say = (request) => {
    const [email, token] = [/\[EMAIL_\w+\]/, /\[GITHUB_TOKEN_\w+\]/].map(
      (one) => one.exec(request)?.[0] ?? '',
    )
    return { text: `I heard ${email} and ${token}`, input: { path: 'a', content: `${token} ${email}` } }
  }
  gateway = await startGateway({
    config: [
      ...oneCall,
      'providers:',
      ...translationCases.map(
        ({ provider, config }) =>
          `  ${provider}: ${config(mirror.url).replace('[openai-chat]', '[openai-chat, openai-embeddings]')}`,
      ),
      'firewall: { input: redact, loops: { warn_after: 0, stop_after: 0 } }',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await mirror.stop()
})

const readLeaves = (protocol: Protocol, wire: WireRequest): readonly Leaf[] => {
  const isEmbedding = matchEndpoint(protocol, 'POST', wire.path)?.endpoint.operation === 'embed'
  return (isEmbedding ? protocol.embed?.leaves?.(wire) : undefined) ?? protocol.generate?.leaves(wire) ?? []
}

const providerOf = (protocol: Protocol): string =>
  translationCases.find((one) => one.protocol === protocol.id)?.provider ?? 'chat'

/** For a provider, in the body or the path, wherever the protocol names its model. */
const aimed = (wire: WireRequest, provider: string): WireRequest => {
  const model = `${provider}/m`
  if (wire.path.includes(':')) {
    return { ...wire, path: wire.path.replace(/models\/[^:]+:/, `models/${encodeURIComponent(model)}:`) }
  }
  const text = new TextDecoder().decode(wire.body)
  const [named] = jsonStrings(wire.body).filter(({ path }) => path.length === 1 && path[0] === 'model')
  if (named === undefined) return wire
  const bytes = Buffer.from(text)
  const body = Buffer.concat([
    bytes.subarray(0, named.start),
    Buffer.from(JSON.stringify(model)),
    bytes.subarray(named.end),
  ])
  return { ...wire, body }
}

/** Providers of a dialect have paths of their own. */
const atHome = (protocol: Protocol, wire: WireRequest): WireRequest => {
  if (matchEndpoint(protocol, 'POST', wire.path) !== undefined) return wire
  const [own] = protocol.endpoints
  const method = /:\w+$/.exec(wire.path)?.[0] ?? ':generateContent'
  return { ...wire, path: protocol.id === 'gemini' ? `/v1beta/models/m${method}` : (own?.path ?? wire.path) }
}

interface Sent {
  readonly status: number
  readonly said: string
  readonly error: string | null
  readonly places: number
  readonly overlooked: readonly string[]
}

const send = async (protocol: Protocol, wire: WireRequest): Promise<Sent> => {
  const made = plant(protocol.id, wire.body, readLeaves(protocol, wire), seeds)
  for (const [seed, place] of made.places) {
    const values = plantedValues(seed)
    for (const value of Object.values(values)) planted.set(value, `${wire.path} ${place}`)
  }
  const before = mirror.seen.length
  const query = wire.query.size === 0 ? '' : `?${wire.query}`
  const response = await fetch(gateway.url + wire.path + query, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${testKey}`,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
    },
    body: made.body,
  })
  const said = await response.text()
  for (const { headers, query, body } of mirror.seen.splice(before)) {
    expect(exposed(new TextDecoder().decode(body))).toEqual([])
    expect(exposed(JSON.stringify(headers) + query)).toEqual([])
  }
  expect(exposed(JSON.stringify([...response.headers]))).toEqual([])
  // Secrets do not come back, but where an answer repeats its request; and what is refused is not repeated.
  const repeats = protocol.id === 'openai-responses' && response.status < 400
  if (!repeats) {
    expect(exposed(said).filter((place) => response.status >= 400 || place.startsWith('token'))).toEqual([])
  }
  return {
    status: response.status,
    said,
    error: response.headers.get('x-tollgate-error'),
    places: made.places.size,
    overlooked: made.overlooked,
  }
}

/** The places whose values stand in a text. */
const exposed = (text: string): readonly string[] =>
  [
    ['token', /ghp_[0-9A-Za-z]{36}/g],
    ['e-mail', /canary\.[a-z]+@fjordmail\.se/g],
    ['card', /45392\d{11}/g],
  ].flatMap(([kind, pattern]) =>
    [...text.matchAll(pattern as RegExp)].flatMap(([value]) => {
      const place = planted.get(value)
      return place === undefined ? [] : [`${kind} of ${place}`]
    }),
  )

test('what is planted would be seen', async () => {
  const values = plantedValues(0)
  for (const value of Object.values(values)) planted.set(value, 'here')
  expect(exposed(plantedText(values))).toHaveLength(3)
  for (const value of Object.values(values)) planted.delete(value)
})

describe('a request in which every place for text is filled', () => {
  const wireOf = ({ protocol, path, body }: CompleteRequest) =>
    wireRequest(protocols[protocol], { path, body: JSON.stringify(body) })

  test.each(completeRequests.map((one) => [one.name, one] as const))(
    '%s: nothing of it reaches the provider',
    async (_, one) => {
      const protocol = protocols[one.protocol]
      const { status, error, overlooked, places } = await send(
        protocol,
        aimed(wireOf(one), providerOf(protocol)),
      )
      expect(overlooked).toEqual([])
      expect(places).toBeGreaterThan(0)
      expect([status, error]).toEqual([200, null])
    },
  )

  const generating = completeRequests.filter(({ path }) =>
    /completions$|responses$|messages$|generateContent$/.test(path),
  )
  test.each(
    generating.flatMap((one) =>
      translationCases
        .filter(({ protocol }) => protocol !== one.protocol)
        .map((target) => [one.name, target.protocol, one, target.provider] as const),
    ),
  )('%s, translated for a provider of %s: nothing of it does', async (_name, _target, one, provider) => {
    const { status } = await send(protocols[one.protocol], aimed(wireOf(one), provider))
    expect([200, 400]).toContain(status)
  })

  test('members that come twice are both looked at', async () => {
    const bodies = [
      ['openai-chat', '/v1/chat/completions', '"messages":[{"role":"user","content":"a","content":"b"}]'],
      ['openai-embeddings', '/v1/embeddings', '"input":"a","user":"b","input":["c"]'],
      ['openai-responses', '/v1/responses', '"input":"a","input":"b"'],
      ['anthropic-messages', '/v1/messages', '"messages":[],"messages":[{"role":"user","content":"b"}]'],
    ] as const
    for (const [id, path, members] of bodies) {
      const protocol = protocols[id]
      const body = `{"model":"${providerOf(protocol)}/m",${members}}`
      const { overlooked } = await send(protocol, wireRequest(protocol, { path, body }))
      expect(overlooked).toEqual([])
    }
  })
})

const isPresent = corpusAvailable('canaries in recorded requests')

describe.skipIf(!isPresent)('recorded requests', () => {
  for (const protocol of Object.values(protocols)) {
    if (protocol.generate === undefined) continue

    test(`of ${protocol.id}: what is no leaf is excused by name`, () => {
      const overlooked = new Map<string, number>()
      const excused = new Map<string, number>()
      for (const { wire } of requestsOf(protocol)) {
        const leaves = leavesIfReadable(protocol, wire)
        if (leaves === undefined) continue
        for (const { path, start, end } of jsonStrings(wire.body)) {
          if (leaves.some((leaf) => leaf.start <= start && end <= leaf.end)) continue
          const reason = reasonOf(path)
          const names = reason === undefined ? overlooked : excused
          const name = reason ?? memberName(path)
          names.set(name, (names.get(name) ?? 0) + 1)
        }
      }
      console.log(
        `${protocol.id}: no leaves are ${[...excused].map(([reason, count]) => `${reason} (${count})`).join(', ')}`,
      )
      expect([...overlooked.keys()]).toEqual([])
    })

    test(`of ${protocol.id}: nothing that was planted reaches the provider`, async () => {
      const outcomes = new Map<string, number>()
      let places = 0
      for (const { wire } of requestsOf(protocol)) {
        if (leavesIfReadable(protocol, wire) === undefined) continue
        const sent = await send(protocol, aimed(atHome(protocol, wire), providerOf(protocol)))
        const outcome = sent.error ?? String(sent.status)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        if (sent.status === 200) places += sent.places
      }
      console.log(
        `${protocol.id}: planted in ${places} places of requests that went out; answers ${JSON.stringify([...outcomes])}`,
      )
      expect(places).toBeGreaterThan(500)
      expect(outcomes.get('200') ?? 0).toBeGreaterThan(50)
    })
  }

  test('there are recordings of real agents among them', () => {
    expect(clientRecordings(({ method }) => method === 'POST').length).toBeGreaterThan(100)
  })
})

const leavesIfReadable = (protocol: Protocol, wire: WireRequest): readonly Leaf[] | undefined => {
  try {
    return readLeaves(protocol, wire)
  } catch {
    return undefined
  }
}

describe('afterwards', () => {
  test('no log, row, metric, report or file of the gateway holds a value', async () => {
    expect(planted.size).toBeGreaterThan(300)
    const metrics = await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${gateway.adminToken}` },
    })
    const rows = JSON.stringify(await allEntries(gateway))
    expect(rows).toContain('GITHUB_TOKEN')
    const told: readonly (readonly [string, string])[] = [
      ['metrics', await metrics.text()],
      ['ledger', rows],
      ['report', JSON.stringify(await gateway.admin('/firewall/report'))],
      ['log', gateway.log()],
      ...filesBelow(gateway.dataDir).map((file) => [file, readFileSync(file, 'latin1')] as const),
    ]
    for (const [what, text] of told) expect([what, exposed(text)]).toEqual([what, []])
    console.log(`${planted.size} values planted; ${told.length} logs, tables and files read`)
  })
})

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
