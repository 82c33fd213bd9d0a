import type { Endpoint, Protocol, ScannedRequest } from '../../protocols/index.ts'
import { applySplices, booleanMember, type JsonScan, type Splice } from '../../wire/index.ts'

/** What a copy asks. */
export interface CopiedRequest {
  readonly endpoint: Endpoint
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly body: Uint8Array
}

/**
 * The client's request, but for an answer in one piece that nobody keeps. Everything else is byte for byte what the
 * client wrote. Without the client's credentials.
 */
export const copiedRequest = (protocol: Protocol, request: ScannedRequest): CopiedRequest => {
  const query = new URLSearchParams(request.query)
  query.delete('key')
  query.delete('alt')
  const headers = new Headers(request.headers)
  for (const name of ofTheClient) headers.delete(name)
  headers.set('accept-encoding', 'identity')
  headers.set('accept', 'application/json')
  return {
    endpoint: wholeEndpoint(protocol, request.endpoint),
    query,
    headers,
    body: applySplices(request.body, wholeAndUnkept(protocol, request.scan)),
  }
}

const ofTheClient = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'cookie', 'content-length']

/** Gemini says in the path whether it streams. */
const wholeEndpoint = (protocol: Protocol, endpoint: Endpoint): Endpoint => {
  if (endpoint.stream !== 'always') return endpoint
  const path = endpoint.path.replace(':streamGenerateContent', ':generateContent')
  return protocol.endpoints.find((one) => one.path === path && one.method === endpoint.method) ?? endpoint
}

const wholeAndUnkept = ({ sessions }: Protocol, scan: JsonScan): readonly Splice[] => {
  const splices: Splice[] = []
  const set = (name: string, text: string): void => {
    const span = scan.top.get(name)
    if (span !== undefined) splices.push({ start: span.start, end: span.end, text })
  }
  if (booleanMember(scan, 'stream') === true) {
    set('stream', 'false')
    // Only streams may have options; null is the same as none.
    set('stream_options', 'null')
  }
  set('store', 'false')
  if (sessions !== undefined && !scan.top.has('store')) {
    // Whoever says nothing wants to keep it.
    const start = scan.text.indexOf('{') + 1
    splices.push({ start, end: start, text: scan.top.size === 0 ? '"store":false' : '"store":false,' })
  }
  return splices
}
