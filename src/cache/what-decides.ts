import { mayGoUpstream } from '../wire/index.ts'

/**
 * What of a request decides its answer is everything but what is named here, each with the reason. Whoever is in doubt
 * about a field leaves it off this list: then it decides, and the worst that comes of it is a call too many.
 */

/** Fields of the canonical request. */
export const undecidedFields = {
  protocol: 'who asks in other words asks the same',
  model: 'the targets that it is routed to stand in its place',
  stream: 'a streamed and a whole answer are one thing',
  streamUsage: 'asks how usage is told',
  user: 'names the end user, for the provider to find abuse',
  metadata: 'labels that providers keep beside an answer',
  store: 'says where the answer is kept',
  promptCacheKey: 'makes the same answer cheaper',
  promptCacheOptions: 'makes the same answer cheaper',
  promptCacheRetention: 'makes the same answer cheaper',
  cache: 'makes the same answer cheaper',
} as const

/** Fields at any depth: how something is written, not what it says. */
export const undecidedAnywhere = {
  at: 'a place in the source',
  form: 'one string, or a list with one text',
  cache: 'makes the same answer cheaper',
} as const

/** Fields that only one protocol has, below `extensions.<protocol>`. */
export const undecidedExtensions = {
  'openai-chat': {
    user: 'names the end user',
    '~spelling': 'which of two names of the same field was written',
    stream: 'a streamed and a whole answer are one thing',
    stream_options: 'how a stream is cut and padded',
  },
  'openai-responses': {
    user: 'names the end user',
    safety_identifier: 'names the end user',
    $input: 'one string, or a list with one message',
    stream: 'a streamed and a whole answer are one thing',
    stream_options: 'how a stream is cut and padded',
  },
  'anthropic-messages': {
    stream: 'a streamed and a whole answer are one thing',
    metadata: 'names the end user',
    'anthropic-version': 'how an answer is written',
  },
  gemini: {
    labels: 'labels for the bill',
    $version: 'which of two addresses of the same models was asked',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>

/** Headers that may go to a provider and decide nothing, with the reason; a `*` stands for the rest of a name. */
export const undecidedHeaders = {
  'anthropic-version': 'how an answer is written; the gateway writes it as this client wants it',
  'anthropic-dangerous-direct-browser-access': 'asks to be let in from a browser',
  accept: 'how an answer is written',
  'accept-language': 'what people read, which models do not look at',
  'content-type': 'how the request is written',
  'content-encoding': 'how the request is written',
  date: 'when it was asked',
  'cache-control': 'what is to be done about caches',
  pragma: 'what is to be done about caches',
  priority: 'how soon the answer is wanted',
  dnt: 'what may be written down about somebody',
  'user-agent': 'the name of the program that asks',
  'x-app': 'the name of the program that asks',
  'x-title': 'the name of the program that asks',
  'http-referer': 'the name of the program that asks',
  originator: 'the name of the program that asks',
  version: 'the version of the program that asks',
  'x-stainless-*': 'names and versions of SDKs, and how often they have tried',
  'x-goog-api-client': 'names and versions of SDKs',
  'anthropic-client-*': 'names and versions of SDKs',
  'x-server-timeout': 'how long the client waits',
  'idempotency-key': 'the name of a request',
  'x-request-id': 'the name of a request',
  'x-client-request-id': 'the name of a request',
  'x-correlation-id': 'the name of a request',
  'x-session-id': 'the name of a session',
  'x-session-affinity': 'the name of a session',
  session_id: 'the name of a session',
  'session-id': 'the name of a session',
  conversation_id: 'the name of a session',
  'conversation-id': 'the name of a session',
  thread_id: 'the name of a session',
  'thread-id': 'the name of a session',
  'x-claude-code-*': 'the name of a session',
  'x-codex-*': 'the name of a session and of its turn',
  baggage: 'tracing',
  b3: 'tracing',
  'x-b3-*': 'tracing',
  'x-datadog-*': 'tracing',
  'x-amzn-trace-id': 'tracing',
  'x-cloud-trace-context': 'tracing',
  'sentry-trace': 'tracing',
} as const

const undecidedNames: ReadonlySet<string> = new Set(Object.keys(undecidedHeaders))
const undecidedPrefixes = Object.keys(undecidedHeaders).flatMap((name) =>
  name.endsWith('*') ? [name.slice(0, -1)] : [],
)

/** May this header change what is answered? Betas do, and so may what nobody knows. */
const headerDecides = (name: string): boolean =>
  !undecidedNames.has(name) &&
  mayGoUpstream(name) &&
  !undecidedPrefixes.some((prefix) => name.startsWith(prefix))

/** Query parameters that decide nothing. */
const undecidedParameters: ReadonlySet<string> = new Set([
  // How a stream is written.
  'alt',
  // A credential.
  'key',
  // Anthropic's SDK says it beside the header that names the betas.
  'beta',
])

export const decidingHeaders = (headers: Headers): readonly (readonly [string, string])[] => {
  const found: [string, string][] = []
  for (const [name, value] of headers) if (headerDecides(name)) found.push([name, value])
  return found.sort(([one], [other]) => (one < other ? -1 : 1))
}

export const decidingParameters = (query: URLSearchParams): readonly (readonly [string, string])[] =>
  [...query]
    .filter(([name]) => !undecidedParameters.has(name))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
