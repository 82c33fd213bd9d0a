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

/**
 * Headers that go to providers and decide nothing. Only vendors' own headers can: what SDKs, agents and proxies say of
 * themselves does not.
 */
export const undecidedHeaders: ReadonlySet<string> = new Set([
  // How an answer is written; the gateway speaks one version whatever is named.
  'anthropic-version',
  // Browsers name it to be let in at all.
  'anthropic-dangerous-direct-browser-access',
  // Names of SDKs and of their versions.
  'x-goog-api-client',
  'anthropic-client-sha',
  'anthropic-client-version',
  'anthropic-client-platform',
])

const decidingPrefixes = ['anthropic-', 'openai-', 'x-goog-'] as const

/** May this header change what is answered? Betas do. */
export const headerDecides = (name: string): boolean =>
  decidingPrefixes.some((prefix) => name.startsWith(prefix)) &&
  !undecidedHeaders.has(name) &&
  mayGoUpstream(name)

/** Query parameters that decide nothing. */
export const undecidedParameters: ReadonlySet<string> = new Set([
  // How a stream is written.
  'alt',
  // A credential.
  'key',
  // Anthropic's SDK says it beside the header that names the betas.
  'beta',
])
