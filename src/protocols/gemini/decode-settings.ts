import {
  extend,
  isJsonObject,
  type JsonObject,
  type OutputFormat,
  type ReasoningSettings,
  type Sampling,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { readObject } from './read-object.ts'
import { schemaText } from './schema.ts'

export interface Settings {
  readonly sampling: Sampling
  readonly maxOutputTokens?: number
  readonly reasoning?: ReasoningSettings
  readonly output?: OutputFormat
  /** Members that the canonical form has no word for, and notes. */
  readonly rest: JsonObject
}

/** `generationConfig`, which holds every setting of an answer. */
export const decodeSettings = (document: JsonDocument, config: JsonObject): Settings => {
  const reader = readObject(config)
  const sampling = present({
    temperature: reader.number('temperature'),
    topP: reader.number('topP'),
    topK: reader.number('topK'),
    seed: reader.number('seed'),
    presencePenalty: reader.number('presencePenalty'),
    frequencyPenalty: reader.number('frequencyPenalty'),
    stop: reader.strings('stopSequences'),
    candidates: reader.number('candidateCount'),
    logprobs: reader.boolean('responseLogprobs'),
    topLogprobs: reader.number('logprobs'),
  })
  const maxOutputTokens = reader.number('maxOutputTokens')
  const thinking = reader.object('thinkingConfig')
  const output = decodeOutput(document, config)
  if (output !== undefined) {
    for (const name of ['responseMimeType', 'responseJsonSchema', 'responseSchema']) reader.take(name)
  }
  return {
    sampling,
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(thinking === undefined ? {} : { reasoning: decodeThinking(document, thinking) }),
    ...(output === undefined ? {} : { output }),
    rest: reader.rest(),
  }
}

/** Leaves undefined members out, typed as what is left. */
const present = (members: { readonly [K in keyof Sampling]: Sampling[K] | undefined }): Sampling =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))

const decodeThinking = (document: JsonDocument, config: JsonObject): ReasoningSettings => {
  const reader = readObject(config)
  const includeThoughts = reader.boolean('includeThoughts')
  const budgetTokens = reader.number('thinkingBudget')
  const level = reader.string('thinkingLevel')
  return {
    ...(budgetTokens === 0 ? { mode: 'disabled' as const } : {}),
    ...(level === undefined ? {} : { effort: level.toLowerCase() }),
    ...(budgetTokens === undefined ? {} : { budgetTokens }),
    ...(includeThoughts === undefined ? {} : { display: includeThoughts ? 'summarized' : 'none' }),
    ...extend('gemini', reader.rest()),
    raw: { protocol: 'gemini', json: document.source(config) },
  }
}

/** The answer's format: a MIME type, and a schema in one of two dialects. The wire's members go along verbatim. */
const decodeOutput = (document: JsonDocument, config: JsonObject): OutputFormat | undefined => {
  const reader = readObject(config)
  const mimeType = reader.string('responseMimeType')
  const schema = reader.take('responseJsonSchema') ?? reader.take('responseSchema')
  if (mimeType === undefined && schema === undefined) return undefined
  const members = Object.fromEntries(Object.entries(config).filter(([key]) => formatKeys.has(key)))
  return {
    type: typeOf(mimeType, schema !== undefined),
    ...(isJsonObject(schema) || Array.isArray(schema)
      ? { schema: schemaText(schema, document.source(schema)) }
      : {}),
    ...extend('gemini', members),
  }
}

const formatKeys = new Set([
  'responseMimeType',
  'response_mime_type',
  'responseJsonSchema',
  'response_json_schema',
  'responseSchema',
  'response_schema',
])

const typeOf = (mimeType: string | undefined, hasSchema: boolean): OutputFormat['type'] => {
  if (mimeType === 'text/x.enum') return 'enum'
  if (hasSchema) return 'json-schema'
  return mimeType === 'application/json' ? 'json' : 'text'
}
