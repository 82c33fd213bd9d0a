import type { ScannedRequest } from '../../protocols/index.ts'
import type { UpstreamAddress } from '../../providers/index.ts'
import { applySplices, connectionNames, mayGoUpstream, type Splice } from '../../wire/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import type { Reserved } from '../reserve/index.ts'

/** The client's bytes with at most three edits: the model's name behind an alias, the wish for usage, and a limit. */
export const upstreamBody = (exchange: AttemptExchange & Reserved): Uint8Array => {
  const { request, facts, attempt, outputLimit, chatLimitField, protocol } = exchange
  const splices: Splice[] = []
  if (facts.modelSpan !== undefined && facts.model !== attempt.target.model) {
    splices.push({ ...facts.modelSpan, text: JSON.stringify(attempt.target.model) })
  }
  if (asksForUsage(exchange) && facts.askForUsage !== undefined) splices.push(facts.askForUsage)
  const limit =
    outputLimit === undefined ? undefined : protocol.limitOutput?.(request.scan, outputLimit, chatLimitField)
  if (limit !== undefined) splices.push(limit)
  return applySplices(request.body, splices)
}

/** Does the gateway, and not the client, ask for the usage chunk? Then the client must not see it. */
export const asksForUsage = ({ facts, attempt }: AttemptExchange): boolean =>
  facts.askForUsage !== undefined && attempt.target.provider.streamUsage === 'ask'

/** Everything that the client sent may go on, but for what concerns this hop, its credentials and its network. */
export const upstreamHeaders = (request: ScannedRequest, streams: boolean): Headers => {
  const headers = new Headers()
  const connection = request.headers.get('connection')
  const dropped = connection === null ? undefined : connectionNames(connection)
  for (const [name, value] of request.headers) {
    if (mayGoUpstream(name) && dropped?.has(name) !== true) headers.set(name, value)
  }
  // Absent, Bun would add its own and the client would get an encoding that it did not ask for.
  headers.set(
    'accept-encoding',
    streams ? 'identity' : (request.headers.get('accept-encoding') ?? 'identity'),
  )
  if (!headers.has('accept')) headers.set('accept', '*/*')
  if (!headers.has('user-agent')) headers.set('user-agent', '')
  return headers
}

/** Where the request goes: the vendor's path with the target's model in it, and the client's query without its key. */
export const upstreamAddress = (exchange: AttemptExchange): UpstreamAddress => {
  const { attempt, endpoint, request, operation } = exchange
  const { model } = attempt.target
  const query = new URLSearchParams(request.query)
  query.delete('key')
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_match, name: string) =>
    name === 'model' ? encodeModel(model) : encodeURIComponent(request.parameters[name] ?? ''),
  )
  return { protocol: attempt.protocol, operation, model, path, query }
}

/** A model name may hold slashes (`publisher/model`), which stay path segments; nothing else may leave its segment. */
const encodeModel = (model: string): string =>
  model
    .split('/')
    .map((segment) => (segment === '.' || segment === '..' ? '' : encodeURIComponent(segment)))
    .join('/')
