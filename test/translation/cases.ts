/**
 * Everything that is there to be translated: the recorded interactions, the requests that real clients sent, and the
 * project's own fixtures. As bytes: what a body says and how it says it are one thing here.
 */
import type { ProtocolId } from '../../src/ir/index.ts'
import { protocols, type WireRequest, type WireResponse } from '../../src/protocols/index.ts'
import { encodeFrame, type SseFrame } from '../../src/wire/index.ts'
import { probes } from '../../tools/translation-probes.ts'
import {
  type CorpusFolder,
  type CorpusRecord,
  clientRecordings,
  corpus,
  frameDecoder,
  runMachine,
  streamBytes,
  wireRequest,
  wireResponse,
} from '../support/corpus.ts'
import { answerFixtures } from './fixtures/answers.ts'
import { openaiChat } from './fixtures/openai-chat.ts'

export type Client = Exclude<ProtocolId, 'openai-embeddings'>

export const clients: readonly Client[] = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini']

/** Every pair of different protocols. */
export const cells: readonly (readonly [client: Client, upstream: Client])[] = clients.flatMap((client) =>
  clients.filter((upstream) => upstream !== client).map((upstream) => [client, upstream] as const),
)

export interface RequestCase {
  readonly name: string
  readonly client: Client
  readonly wire: WireRequest
}

export interface AnswerCase {
  readonly name: string
  readonly upstream: Client
  readonly wire: WireResponse
}

export interface StreamCase {
  readonly name: string
  readonly upstream: Client
  readonly frames: readonly SseFrame[]
}

const fixtures = new Map(answerFixtures)

const folders: Readonly<Record<Client, CorpusFolder>> = {
  'openai-chat': 'chat',
  'openai-responses': 'responses',
  'anthropic-messages': 'anthropic',
  gemini: 'gemini',
}

const paths: Readonly<Record<Client, string>> = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
  gemini: '/v1beta/models/model:generateContent',
}

/** A request with this body, to where its protocol wants it. */
export const requestWire = (client: Client, body: string, headers?: Headers): WireRequest =>
  wireRequest(protocols[client], {
    path: paths[client],
    headers:
      headers ?? new Headers(client === 'anthropic-messages' ? { 'anthropic-version': '2023-06-01' } : {}),
    body,
  })

export const answerWire = (body: string): WireResponse => ({
  status: 200,
  headers: new Headers(),
  body: new TextEncoder().encode(body),
})

/** Reading the recordings takes a while, and several suites want them. */
const once = <Value>(make: () => Value): (() => Value) => {
  let value: Value | undefined
  return () => {
    value ??= make()
    return value
  }
}

/** Of every protocol, or nothing where there is no corpus but the project's own. */
export const requestCases = once((): readonly RequestCase[] =>
  clients.flatMap((client) => [...ownRequests(client), ...recordedRequests(client), ...sentRequests(client)]),
)

const ownRequests = (client: Client): readonly RequestCase[] => {
  const probed = (new Map(probes).get(client) ?? []).map(
    ({ feature, body }): RequestCase => ({
      name: `fixture ${feature}`,
      client,
      wire: requestWire(client, JSON.stringify(body)),
    }),
  )
  const written = Object.entries(client === 'openai-chat' ? openaiChat.requests : {}).map(
    ([name, body]): RequestCase => ({
      name: `fixture ${name}`,
      client,
      wire: requestWire(client, JSON.stringify(body)),
    }),
  )
  return [...probed, ...written]
}

const recordedRequests = (client: Client): readonly RequestCase[] =>
  corpus(folders[client]).flatMap(({ name, request, requestHeaders }) =>
    request === undefined
      ? []
      : [{ name: `corpus ${name}`, client, wire: requestWire(client, request.text, requestHeaders) }],
  )

/** Real clients' requests as they were sent; of a session the last one, which holds those before. */
const sentRequests = (client: Client): readonly RequestCase[] =>
  clientRecordings(({ method, path }) => (method === 'POST' || method === 'WS') && isGenerate(client, path))
    .filter(({ text }) => text !== '')
    .filter(({ name }, index, all) => sessionOf(name) !== sessionOf(all[index + 1]?.name ?? ''))
    .map(({ name, path, query, headers, text }) => ({
      name: `client ${name}`,
      client,
      wire: wireRequest(protocols[client], { path, query, headers, body: text }),
    }))

const sessionOf = (name: string): string => name.replace(/-\d+$/, '')

const isGenerate = (client: Client, path: string): boolean =>
  client === 'gemini'
    ? /:(?:stream)?generateContent$/i.test(path)
    : path.endsWith(paths[client].replace('/v1', ''))

/** Whole answers; those that tell of a failure are none. */
export const answerCases = once((): readonly AnswerCase[] =>
  clients
    .flatMap((upstream) => [
      ...Object.entries(fixtures.get(upstream)?.answers ?? {}).map(
        ([name, body]): AnswerCase => ({
          name: `fixture ${name}`,
          upstream,
          wire: answerWire(JSON.stringify(body)),
        }),
      ),
      ...corpus(folders[upstream])
        .filter(({ stream, status, response }) => !stream && status < 300 && response !== undefined)
        .map((record) => ({ name: `corpus ${record.name}`, upstream, wire: wireResponse(record) })),
    ])
    .filter(({ upstream, wire }) => protocols[upstream].meterBody(wire.body, 'generate').ended !== 'failed'),
)

/** Streams, also those that break off or tell of a failure. Providers are asked for server-sent events. */
export const streamCases = once((): readonly StreamCase[] =>
  clients.flatMap((upstream) => [
    ...Object.entries(fixtures.get(upstream)?.streams ?? {}).map(
      ([name, events]): StreamCase => ({
        name: `fixture ${name}`,
        upstream,
        frames: events.map((event) => frameOf(upstream, event)),
      }),
    ),
    ...corpus(folders[upstream])
      .filter(({ stream, frames }) => stream && frames.length > 0)
      .map((record) => recordedStream(upstream, record)),
  ]),
)

const recordedStream = (upstream: Client, record: CorpusRecord): StreamCase => ({
  name: `corpus ${record.name}`,
  upstream,
  frames: runMachine(frameDecoder(record.framing), [streamBytes(record)]),
})

/** An event as its protocol frames it: two of them name each after its type. */
export const frameOf = (protocol: Client, event: object | string): SseFrame => {
  const data = typeof event === 'string' ? event : JSON.stringify(event)
  const isNamed = protocol === 'openai-responses' || protocol === 'anthropic-messages'
  return isNamed && typeof event === 'object' && 'type' in event
    ? { event: String(event.type), data }
    : { data }
}

export const bytesOf = (frames: readonly SseFrame[]): readonly Uint8Array[] => frames.map(encodeFrame)
