/** Text of a client's as a header value, which takes printable ASCII only; cut where it is long. */
export const headerText = (text: string): string => text.replace(/[^\x21-\x7e]/g, '?').slice(0, 200)

/** Connection-bound, RFC 9110 §7.6.1; never forwarded in either direction. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

const neverUpstream = new Set([
  ...hopByHop,
  'host',
  'content-length',
  'cookie',
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'forwarded',
  'via',
  'x-real-ip',
  'openai-organization',
  'openai-project',
  'x-goog-user-project',
  'accept-encoding',
  'expect',
  'origin',
  'referer',
  'traceparent',
  'tracestate',
])

const neverBack = new Set([...hopByHop, 'set-cookie', 'set-cookie2', 'strict-transport-security', 'alt-svc'])

/** Client headers that may reach a provider: everything but credentials, cookies, hop-by-hop, and our own. */
export const mayGoUpstream = (name: string): boolean =>
  !neverUpstream.has(name) &&
  !name.startsWith('x-forwarded-') &&
  !name.startsWith('x-tollgate-') &&
  !name.startsWith('sec-') &&
  !name.startsWith('proxy-')

/** Provider headers that may reach a client. `x-tollgate-*` are ours alone: a provider cannot forge them. */
export const mayGoBack = (name: string): boolean =>
  !neverBack.has(name) && !name.startsWith('access-control-') && !name.startsWith('x-tollgate-')

/** Names listed in a `connection` header are hop-by-hop as well. */
export const connectionNames = (connection: string | null): ReadonlySet<string> =>
  new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
