import type { GenerateRequest, GenerateResponse, ProtocolId, StreamEvent } from '../ir/index.ts'
import { type GenerateCodec, type Protocol, protocols } from '../protocols/index.ts'
import { jsonArraySplitter, parseElement, type SseFrame, sseDecoder } from '../wire/index.ts'

/** A gateway or provider under examination, addressed in one protocol. */
export interface Subject {
  readonly protocol: Protocol
  readonly codec: GenerateCodec
  readonly model: string
  /** Sends a request as the protocol's own clients would. Rejects when nothing answers in time. */
  post(path: string, body: string, options?: PostOptions): Promise<Answer>
  get(path: string): Promise<Answer>
}

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Instead of the real key. */
  readonly key?: string
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

export interface SubjectOptions {
  /** Where the vendor's paths begin; a version at its end (`/v1`) is left out, since the paths have it. */
  readonly url: string
  readonly protocol: ProtocolId
  readonly model: string
  readonly key?: string
  /** Milliseconds for each request. */
  readonly timeout: number
}

/** Throws for a protocol that generates nothing. */
export const subject = (options: SubjectOptions): Subject => {
  const protocol = protocols[options.protocol]
  const { generate: codec } = protocol
  if (codec === undefined) throw new TypeError(`${options.protocol} has no conversation to examine`)
  const base = options.url.replace(/\/+$/, '').replace(/\/v1(?:beta)?$/, '')
  const call = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(base + path, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.timeout(options.timeout),
    })
    return { status: response.status, headers: response.headers, body: await response.bytes() }
  }
  return {
    protocol,
    codec,
    model: options.model,
    post: (path, body, { headers = {}, key = options.key } = {}) =>
      call(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers, ...authorization(options.protocol, key) },
        body,
      }),
    get: (path) =>
      call(path, {
        headers: { ...versions(options.protocol), ...authorization(options.protocol, options.key) },
      }),
  }
}

const authorization = (protocol: ProtocolId, key: string | undefined): Record<string, string> => {
  if (key === undefined || key === '') return {}
  switch (protocol) {
    case 'anthropic-messages':
      return { 'x-api-key': key }
    case 'gemini':
      return { 'x-goog-api-key': key }
    default:
      return { authorization: `Bearer ${key}` }
  }
}

/** What tells whose list of models is wanted. */
const versions = (protocol: ProtocolId): Record<string, string> =>
  protocol === 'anthropic-messages' ? { 'anthropic-version': '2023-06-01' } : {}

/** A canonical request on its way in this protocol. */
export const ask = (
  { codec, model, post, protocol }: Subject,
  request: Omit<GenerateRequest, 'protocol' | 'model'>,
  options?: PostOptions & { readonly model?: string },
): Promise<Answer> => {
  const named = options?.model ?? model
  const { path, body, headers } = codec.encodeRequest(
    { protocol: protocol.id, model: named, ...request },
    { model: named, stream: request.stream },
  )
  return post(path, body, { ...options, headers: { ...headers, ...options?.headers } })
}

/** The events of a streamed answer, frame by frame, with the rules of the grammar that it breaks. */
export const readStream = (
  { codec }: Subject,
  { body, headers }: Answer,
): { readonly events: readonly StreamEvent[]; readonly broken: readonly string[] } => {
  const frames = isSse(headers) ? readSse(body) : readArray(body)
  const decoder = codec.streamDecoder()
  const machine = codec.conform()
  const events: StreamEvent[] = []
  const broken: string[] = []
  for (const frame of frames) {
    broken.push(...machine.push(frame))
    events.push(...decoder.push(frame))
  }
  broken.push(...machine.end())
  events.push(...decoder.end())
  return { events, broken: [...new Set(broken)] }
}

const isSse = (headers: Headers): boolean => (headers.get('content-type') ?? '').includes('text/event-stream')

const readSse = (body: Uint8Array): readonly SseFrame[] => {
  const decoder = sseDecoder()
  return [...decoder.push(body), ...decoder.end()]
}

const readArray = (body: Uint8Array): readonly SseFrame[] => {
  const splitter = jsonArraySplitter()
  return [...splitter.push(body), ...splitter.end()].flatMap((element) => {
    const frame = parseElement(element)
    return frame === undefined ? [] : [frame]
  })
}

export const readWhole = ({ codec }: Subject, answer: Answer): GenerateResponse =>
  codec.decodeResponse(answer)
