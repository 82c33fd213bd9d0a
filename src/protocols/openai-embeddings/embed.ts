import { GatewayError } from '../../errors.ts'
import {
  type EmbedRequest,
  extend,
  extensionOf,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Warning,
} from '../../ir/index.ts'
import type { EmbedCodec } from '../protocol.ts'
import { leaves } from './leaves.ts'
import { decodeUsage, encodeUsage } from './usage.ts'
import { decodeVector, encodeVector } from './vector.ts'
import type { EmbeddingInput, EmbeddingObject, EmbeddingsRequest, EmbeddingsResponse } from './wire.ts'

const protocol = 'openai-embeddings'

export const embed: EmbedCodec = {
  leaves,

  decodeRequest(wire) {
    const body = parseObject(wire.body, 'gateway_json_invalid', 'the body is not a JSON object')
    const { model, input, dimensions, encoding_format: format, user, ...rest } = body
    const inputs = inputsOf(input)
    return {
      protocol,
      model: typeof model === 'string' ? model : '',
      inputs: inputs ?? [],
      form: isOne(input) ? 'one' : 'list',
      ...(typeof dimensions === 'number' ? { dimensions } : {}),
      format: format === 'base64' ? 'base64' : 'float',
      ...(typeof user === 'string' ? { user } : {}),
      ...extend(protocol, {
        ...rest,
        ...unsaid('model', model, typeof model === 'string'),
        // Inputs of dialects (objects with images) have no canonical word.
        ...unsaid('input', input, inputs !== undefined),
        ...unsaid('dimensions', dimensions, typeof dimensions === 'number'),
        // `float` is the default; whoever wrote it gets it back.
        ...unsaid('encoding_format', format, format === 'base64'),
        ...unsaid('user', user, typeof user === 'string'),
      }),
    }
  },

  encodeRequest(request, target) {
    if (request.protocol !== protocol && request.unsaid !== undefined) throw unsayable(request.unsaid)
    const body: EmbeddingsRequest = {
      model: target.model,
      input: inputOf(request),
      ...(request.dimensions === undefined ? {} : { dimensions: request.dimensions }),
      ...(request.format === 'base64' ? { encoding_format: 'base64' } : {}),
      ...(request.user === undefined ? {} : { user: request.user }),
    }
    const { model: _model, ...extension } = extensionOf(request, protocol)
    return {
      path: '/v1/embeddings',
      body: JSON.stringify({ ...body, ...extension }),
      headers: { 'content-type': 'application/json' },
      warnings: request.protocol === protocol ? [] : lossesOf(request),
    }
  },

  decodeResponse(wire) {
    const body = parseObject(wire.body, 'gateway_upstream_invalid', 'the provider sent no JSON object')
    if (!Array.isArray(body['data'])) {
      throw new GatewayError('gateway_upstream_invalid', 'the provider sent no list of embeddings')
    }
    const { data, model, usage, object: _object, ...rest } = body
    const items = body['data'].filter(isJsonObject)
    const vectors = items
      .map((item, position) => ({
        position: indexOf(item, position),
        vector: decodeVector(item['embedding']),
      }))
      .sort((a, b) => a.position - b.position)
      .map(({ vector }) => vector ?? [])
    const counted = decodeUsage(usage)
    return {
      protocol,
      ...(typeof model === 'string' ? { model } : {}),
      vectors,
      ...(counted === undefined ? {} : { usage: counted }),
      ...extend(protocol, {
        ...rest,
        ...unsaid(
          'data',
          data,
          vectors.every((vector) => vector.length > 0),
        ),
        ...(isJsonObject(usage) ? unsaid('usage', usage, isPlainUsage(usage)) : {}),
      }),
    }
  },

  encodeResponse(response, request) {
    const usage = response.usage === undefined ? undefined : encodeUsage(response.usage)
    const body: EmbeddingsResponse<string | readonly number[]> = {
      object: 'list',
      data: response.vectors.map((vector, index) => embeddingObject(vector, index, request.format)),
      model: response.model ?? request.model,
      ...(usage === undefined ? {} : { usage }),
    }
    return JSON.stringify({ ...body, ...extensionOf(response, protocol) })
  },
}

const embeddingObject = (
  vector: readonly number[],
  index: number,
  format: EmbedRequest['format'],
): EmbeddingObject<string | readonly number[]> => ({
  object: 'embedding',
  index,
  embedding: format === 'base64' ? encodeVector(vector) : vector,
})

const parseObject = (
  bytes: Uint8Array,
  code: 'gateway_json_invalid' | 'gateway_upstream_invalid',
  message: string,
): JsonObject => {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new GatewayError(code, message, { cause })
  }
  if (!isJsonObject(value)) throw new GatewayError(code, message)
  return value
}

/** The member for the extension, unless the canonical form says it. */
const unsaid = (key: string, value: JsonValue | undefined, isSaid: boolean): JsonObject =>
  value === undefined || isSaid ? {} : { [key]: value }

/** One text, or one list of token ids. */
const isOne = (input: JsonValue | undefined): boolean => typeof input === 'string' || isTokens(input)

const isTokens = (input: unknown): input is readonly number[] =>
  Array.isArray(input) && input.length > 0 && input.every((item) => typeof item === 'number')

/** Undefined when something in it is neither text nor token ids. */
const inputsOf = (input: JsonValue | undefined): EmbedRequest['inputs'] | undefined => {
  if (typeof input === 'string') return [input]
  if (isTokens(input)) return [input]
  if (!Array.isArray(input)) return undefined
  const inputs = input.filter((item: unknown) => typeof item === 'string' || isTokens(item))
  return inputs.length === input.length ? inputs : undefined
}

/** The wire has no list that mixes texts and token ids; texts win, as ids are of one model's alphabet alone. */
const inputOf = (request: EmbedRequest): EmbeddingInput => {
  const [first] = request.inputs
  if (request.form === 'one' && request.inputs.length === 1 && first !== undefined) return first
  const texts = request.inputs.filter((input) => typeof input === 'string')
  if (texts.length > 0 || request.inputs.length === 0) return texts
  return request.inputs.filter((input) => typeof input !== 'string')
}

const indexOf = (item: JsonObject, position: number): number =>
  typeof item['index'] === 'number' ? item['index'] : position

const isPlainUsage = (usage: JsonObject): boolean => {
  const { prompt_tokens: prompt, total_tokens: total, ...rest } = usage
  return prompt === total && typeof prompt === 'number' && Object.keys(rest).length === 0
}

const unsayable = ({ at, what }: NonNullable<EmbedRequest['unsaid']>): GatewayError =>
  new GatewayError(
    'gateway_translation_unsupported',
    `${at}: this provider cannot be asked for the embedding of ${what}`,
    { param: at },
  )

const lossesOf = (request: EmbedRequest): readonly Warning[] =>
  (
    [
      ['task type', 'task', request.task],
      ['title', 'title', request.title],
    ] as const
  ).flatMap(([feature, path, value]): readonly Warning[] =>
    value === undefined ? [] : [{ code: 'dropped', feature, path, reason: 'no counterpart' }],
  )
