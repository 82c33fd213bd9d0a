/**
 * The recorded provider interactions and client requests, read where they lie (`TGW_SHARED`, or `../shared` beside the
 * repository). They are not part of the project; tests that need them skip loudly where they are absent.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isJsonObject, type JsonObject } from '../../src/ir/index.ts'
import type { Endpoint, Protocol, WireRequest, WireResponse } from '../../src/protocols/protocol.ts'
import {
  encodeFrame,
  frameSplitter,
  jsonArraySplitter,
  type Machine,
  parseDocument,
  parseElement,
  parseFrame,
  type SseFrame,
  sseDecoder,
} from '../../src/wire/index.ts'

export type CorpusFolder = 'anthropic' | 'chat' | 'responses' | 'gemini'
export type Framing = 'sse' | 'json-array'

/** A parsed JSON value with the source text it was parsed from (the text keeps `1.0`, big integers, escapes). */
export interface Recorded {
  readonly value: unknown
  readonly text: string
}

/** One recorded interaction. */
export interface CorpusRecord {
  readonly name: string
  readonly folder: CorpusFolder
  readonly dialect: string
  readonly origin: string
  /** The answer is a stream: `frames` and `streamBytes` say it; `response` is absent. */
  readonly stream: boolean
  readonly status: number
  /** `POST https://host/path?query`, where the recording knows it. */
  readonly endpoint: string | undefined
  readonly framing: Framing
  readonly requestHeaders: Headers
  readonly responseHeaders: Headers
  readonly request: Recorded | undefined
  readonly response: Recorded | undefined
  /** The events of a stream in order; data is source text (`[DONE]` included). Empty for a whole answer. */
  readonly frames: readonly SseFrame[]
  /** The literal stream, where the recording kept it. */
  readonly rawSse: string | undefined
  readonly anomalies: readonly string[]
  readonly features: readonly string[]
}

/** One request as a real client sent it. */
export interface ClientRecording {
  readonly name: string
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  /** Empty for requests without a body. */
  readonly text: string
}

/** Folder with the corpus, or null where there is none. */
export const sharedFolder = (): string | null => {
  const folder = process.env['TGW_SHARED'] ?? resolve(import.meta.dir, '../../../shared')
  return existsSync(join(folder, 'corpus')) ? folder : null
}

/** False when there is no corpus to test with; says loudly what is skipped. */
export const corpusAvailable = (what: string): boolean => {
  if (sharedFolder() !== null) return true
  console.warn(`SKIPPED: ${what}: no corpus at TGW_SHARED or ../shared`)
  return false
}

/** Every record of one protocol, sorted by name. Empty where there is no corpus. */
export const corpus = (folder: CorpusFolder): readonly CorpusRecord[] => {
  const shared = sharedFolder()
  if (shared === null) return []
  const directory = join(shared, 'corpus', folder)
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => readRecord(folder, readFileSync(join(directory, file), 'utf8')))
}

const readRecord = (folder: CorpusFolder, text: string): CorpusRecord => {
  const document = parseDocument(text)
  const record = objectOf(document.value)
  const stream = record['stream'] === true
  const recorded = (value: unknown): Recorded | undefined =>
    value === null || value === undefined ? undefined : { value, text: document.source(value) }
  const frames = stream && Array.isArray(record['response']) ? record['response'] : []
  return {
    name: String(record['name']),
    folder,
    dialect: String(record['dialect']),
    origin: String(objectOf(record['source'])['origin']),
    stream,
    status: Number(record['status']),
    endpoint: stringOf(record['endpoint']),
    framing: record['framing'] === 'json-array' ? 'json-array' : 'sse',
    requestHeaders: headersOf(record['req_headers']),
    responseHeaders: headersOf(record['resp_headers']),
    request: recorded(record['request']),
    response: stream ? undefined : recorded(record['response']),
    frames: frames.map((frame: unknown): SseFrame => {
      const { event, data } = objectOf(frame)
      const source = typeof data === 'string' ? data : compact(document.source(data))
      return typeof event === 'string' ? { event, data: source } : { data: source }
    }),
    rawSse: stringOf(record['raw_sse']),
    anomalies: strings(record['anomalies']),
    features: strings(record['features']),
  }
}

/** Removes line breaks between tokens: a `data:` line holds none, and inside strings JSON escapes them. */
const compact = (source: string): string => source.replace(/\n\s*/g, '')

/** The answer stream as it stood on the wire (re-framed from the events where the recording kept no bytes). */
export const streamBytes = (record: CorpusRecord): Uint8Array => {
  if (record.rawSse !== undefined) return new TextEncoder().encode(record.rawSse)
  if (record.framing === 'json-array') {
    return new TextEncoder().encode(`[${record.frames.map((frame) => frame.data).join('\n,\n')}\n]`)
  }
  return Buffer.concat(record.frames.map(encodeFrame))
}

/** The whole answer as a wire response. */
export const wireResponse = (record: CorpusRecord): WireResponse => ({
  status: record.status,
  headers: record.responseHeaders,
  body: new TextEncoder().encode(record.response?.text ?? ''),
})

/** Bytes to events, by the stream's framing. */
export const frameDecoder = (framing: Framing): Machine<Uint8Array, SseFrame> => {
  if (framing === 'sse') return sseDecoder()
  const splitter = jsonArraySplitter()
  const parse = (pieces: readonly Uint8Array[]) =>
    pieces.map(parseElement).filter((frame) => frame !== undefined)
  return { push: (chunk) => parse(splitter.push(chunk)), end: () => parse(splitter.end()) }
}

/** Bytes to raw blocks, by the stream's framing: what a `StreamMeter` is given. */
export const blockSplitter = (framing: Framing): Machine<Uint8Array, Uint8Array> =>
  framing === 'sse' ? frameSplitter() : jsonArraySplitter()

/** The event inside a block, if any. */
export const parseBlock = (block: Uint8Array, framing: Framing): SseFrame | undefined =>
  framing === 'sse' ? parseFrame(block) : parseElement(block)

/** Feeds all inputs and the end to a machine. */
export const runMachine = <In, Out>(machine: Machine<In, Out>, inputs: Iterable<In>): Out[] => {
  const outputs: Out[] = []
  for (const input of inputs) outputs.push(...machine.push(input))
  outputs.push(...machine.end())
  return outputs
}

/** Recorded client requests whose method and path the filter wants. Empty where there is no corpus. */
export const clientRecordings = (
  wanted: (request: { readonly method: string; readonly path: string }) => boolean,
): readonly ClientRecording[] => {
  const shared = sharedFolder()
  if (shared === null) return []
  const directory = join(shared, 'recordings')
  return readdirSync(directory)
    .filter((file) => file.endsWith('.meta.json'))
    .sort()
    .flatMap((file) => {
      const meta = objectOf(JSON.parse(readFileSync(join(directory, file), 'utf8')))
      const url = new URL(String(meta['url'] ?? '/'), 'http://gateway')
      const method = String(meta['method'] ?? 'WS')
      const path = url.pathname
      if (!wanted({ method, path })) return []
      const body = join(directory, file.replace('.meta.json', '.json'))
      return [
        {
          name: file.replace('.meta.json', ''),
          method,
          path,
          query: url.searchParams,
          headers: headersOf(meta['headers']),
          text: existsSync(body) ? readFileSync(body, 'utf8') : '',
        },
      ]
    })
}

export interface RequestParts {
  readonly method?: string
  /** As on the vendor's host. */
  readonly path: string
  readonly query?: URLSearchParams
  readonly headers?: Headers
  readonly body: string
}

/** A wire request with the path parameters that the protocol's own endpoint table gives. */
export const wireRequest = (protocol: Protocol, parts: RequestParts): WireRequest => {
  const method = parts.method ?? 'POST'
  return {
    method,
    path: parts.path,
    parameters: matchEndpoint(protocol, method, parts.path)?.parameters ?? {},
    query: parts.query ?? new URLSearchParams(),
    headers: parts.headers ?? new Headers(),
    body: new TextEncoder().encode(parts.body),
  }
}

/** Finds the endpoint that serves a path, and its percent-decoded parameters. */
export const matchEndpoint = (
  protocol: Protocol,
  method: string,
  path: string,
): { readonly endpoint: Endpoint; readonly parameters: Readonly<Record<string, string>> } | undefined => {
  for (const endpoint of protocol.endpoints) {
    if (endpoint.method !== method) continue
    const names: string[] = []
    const pattern = endpoint.path.replace(
      /\{(\w+)\}|[.*+?^$()|[\]\\]/g,
      (found, name: string | undefined) => {
        if (name === undefined) return `\\${found}`
        names.push(name)
        return name === 'model' ? '(.+?)' : '([^/]+)'
      },
    )
    const match = new RegExp(`^${pattern}$`).exec(path)
    if (match === null) continue
    const parameters: Record<string, string> = {}
    names.forEach((name, index) => {
      parameters[name] = decodeURIComponent(match[index + 1] ?? '')
    })
    return { endpoint, parameters }
  }
  return undefined
}

const objectOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {})

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const strings = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])

const headersOf = (value: unknown): Headers => {
  const headers = new Headers()
  for (const [name, member] of Object.entries(objectOf(value))) {
    headers.set(name, Array.isArray(member) ? member.map(String).join(', ') : String(member))
  }
  return headers
}
