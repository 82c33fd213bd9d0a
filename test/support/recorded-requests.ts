import type { Leaf } from '../../src/ir/index.ts'
import type { Protocol, WireRequest } from '../../src/protocols/protocol.ts'
import { clientRecordings, corpus, wireRequest } from './corpus.ts'

export interface RecordedRequest {
  readonly name: string
  readonly wire: WireRequest
}

/** Every request that a protocol's clients were recorded with. */
export const requestsOf = (protocol: Protocol): readonly RecordedRequest[] => {
  const folder = { 'openai-chat': 'chat', 'openai-responses': 'responses', 'anthropic-messages': 'anthropic' }
  const kind = protocol.id === 'gemini' ? 'gemini' : folder[protocol.id as keyof typeof folder]
  const records = corpus(kind as 'chat').flatMap((record) =>
    record.request === undefined
      ? []
      : [
          {
            name: record.name,
            path: pathOf(record.endpoint),
            body: record.request.text,
          },
        ],
  )
  const client = clientRecordings(({ method, path }) =>
    protocol.endpoints.some((endpoint) => {
      const [head = ''] = endpoint.path.split('{')
      const last = endpoint.path.split('}').at(-1) ?? ''
      return endpoint.method === method && method === 'POST' && path.startsWith(head) && path.endsWith(last)
    }),
  ).map(({ name, path, text }) => ({ name, path, body: text }))
  return [...records, ...client]
    .filter(({ body }) => body.startsWith('{'))
    .map(({ name, path, body }) => ({ name, wire: wireRequest(protocol, { path, body }) }))
}

/** Its leaves; none where the request is refused. */
export const readLeaves = (protocol: Protocol, wire: WireRequest): readonly Leaf[] => {
  try {
    return protocol.generate?.leaves(wire) ?? []
  } catch {
    return []
  }
}

/** `POST https://host/path` or `POST /path`; the path decides nothing but the model that Gemini writes in it. */
const pathOf = (endpoint: string | undefined): string =>
  new URL(endpoint?.split(' ').at(-1) ?? '/', 'http://gateway').pathname
