import { safeText } from './redact.ts'

/**
 * What a span may say. There is no field for prompt or answer text, and there must not be one. Texts are masked
 * and bounded like log fields: a model name, for one, is whatever a client sent.
 */
export interface SpanFields {
  readonly requestId?: string
  readonly protocol?: string
  readonly operation?: string
  /** Our provider id; the conventions' name is derived. */
  readonly provider?: string
  readonly requestModel?: string
  readonly responseModel?: string
  readonly responseId?: string
  readonly finishReasons?: readonly string[]
  readonly stream?: boolean
  readonly maxTokens?: number
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly cacheReadTokens?: number
  readonly cacheWriteTokens?: number
  readonly reasoningTokens?: number
  readonly timeToFirstTokenSeconds?: number
  /** HTTP status: the upstream's on an attempt, ours on an exchange. */
  readonly status?: number
  readonly serverAddress?: string
  readonly serverPort?: number
  readonly organisation?: string
  readonly kind?: string
}

export type SpanAttribute = string | number | boolean | string[]

// OpenTelemetry semantic conventions for generative AI, read 2026-11 (development status; `gen_ai.system` is the
// name before 1.37 and is what many backends still group by).
const names: { readonly [field: string]: string | undefined } = {
  requestId: 'tollgate.request.id',
  protocol: 'tollgate.protocol',
  organisation: 'tollgate.organisation',
  kind: 'tollgate.exchange.kind',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  responseId: 'gen_ai.response.id',
  finishReasons: 'gen_ai.response.finish_reasons',
  stream: 'gen_ai.request.stream',
  maxTokens: 'gen_ai.request.max_tokens',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheWriteTokens: 'gen_ai.usage.cache_creation.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  timeToFirstTokenSeconds: 'gen_ai.response.time_to_first_chunk',
  status: 'http.response.status_code',
  serverAddress: 'server.address',
  serverPort: 'server.port',
} satisfies Partial<Record<keyof SpanFields, string>>

/** The fields under the names of the semantic conventions. */
export const spanAttributes = (fields: SpanFields): Record<string, SpanAttribute> => {
  const attributes: Record<string, SpanAttribute> = {}
  for (const [field, value] of Object.entries(fields)) {
    const name = names[field]
    if (name !== undefined && value !== undefined) attributes[name] = safe(value)
  }
  if (fields.operation !== undefined) attributes['gen_ai.operation.name'] = operationName(fields.operation)
  if (fields.provider !== undefined) {
    attributes['gen_ai.provider.name'] = providerName(fields.provider)
    attributes['gen_ai.system'] = providerName(fields.provider)
  }
  return attributes
}

/** `chat gpt-5.1`: the conventions' form. */
export const spanName = (fields: SpanFields): string => {
  const operation = operationName(fields.operation ?? 'generate')
  return fields.requestModel === undefined
    ? operation
    : `${operation} ${safeText(fields.requestModel).slice(0, 128)}`
}

const safe = (value: string | number | boolean | readonly string[]): SpanAttribute => {
  if (typeof value === 'string') return safeText(value).slice(0, 256)
  return typeof value === 'object' ? value.map((text) => safeText(text).slice(0, 256)) : value
}

const operationName = (operation: string): string => {
  if (operation === 'generate') return 'chat'
  return operation === 'embed' ? 'embeddings' : operation.replaceAll('-', '_')
}

const providerNames: Readonly<Record<string, string>> = {
  google: 'gcp.gemini',
  gemini: 'gcp.gemini',
  mistral: 'mistral_ai',
  xai: 'x_ai',
}

const providerName = (provider: string): string => providerNames[provider] ?? safeText(provider).slice(0, 256)
