import { GatewayError } from '../../errors.ts'
import { extend, extensionOf, isJsonObject, type JsonObject, type JsonValue } from '../../ir/index.ts'
import type { EmbedCodec } from '../protocol.ts'
import { parseBody, readRoot } from './decode-request.ts'
import { readObject, writeMembers } from './read-object.ts'
import { usageOf } from './usage.ts'

/** `:embedContent` (one vector) and `:batchEmbedContents` (a list of requests, each of one vector). */
export const embed: EmbedCodec = {
  decodeRequest(wire) {
    const root = readRoot(parseBody(wire.body))
    const model = wire.parameters['model'] ?? ''
    const isBatch = wire.path.endsWith(':batchEmbedContents')
    const version = /^\/(v1[a-z0-9]*)\//.exec(wire.path)?.[1] ?? 'v1beta'
    const reader = readObject(root)
    const requests = isBatch ? (reader.list('requests') ?? []).filter(isJsonObject) : [root]
    const decoded = requests.map((request, index) => decodeOne(request, isBatch ? `requests[${index}].` : ''))
    const [first] = decoded
    const unsaid = decoded.find((one) => one.unsaid !== undefined)?.unsaid ?? differing(decoded)
    return {
      protocol: 'gemini',
      model,
      inputs: decoded.map(({ text }) => text),
      form: isBatch ? 'list' : 'one',
      ...(first?.dimensions === undefined ? {} : { dimensions: first.dimensions }),
      format: 'float',
      ...(first?.task === undefined ? {} : { task: first.task }),
      ...(first?.title === undefined ? {} : { title: first.title }),
      ...(unsaid === undefined ? {} : { unsaid }),
      ...extend('gemini', {
        ...(isBatch ? reader.rest() : {}),
        ...(version === 'v1beta' ? {} : { $version: version }),
        // The wire's own requests go back as they came: contents may hold more than one text, and media.
        $requests: requests,
      }),
    }
  },

  encodeRequest(request, target) {
    const extension = extensionOf(request, 'gemini')
    const own = extension['$requests']
    const name = `models/${target.model}`
    if (request.inputs.some((input) => typeof input !== 'string')) {
      throw new GatewayError(
        'gateway_translation_unsupported',
        'Gemini embeds texts only: send texts instead of token ids',
        { param: 'input' },
      )
    }
    const settings = {
      taskType: request.task,
      title: request.title,
      outputDimensionality: request.dimensions,
    }
    const requests = Array.isArray(own)
      ? own.filter(isJsonObject).map((one) => withModel(one, name))
      : request.inputs.map((input) => ({
          model: name,
          content: { parts: [{ text: input }] },
          ...settings,
        }))
    const version = typeof extension['$version'] === 'string' ? extension['$version'] : 'v1beta'
    const model = target.model.split('/').map(encodeURIComponent).join('/')
    const method = request.form === 'one' ? 'embedContent' : 'batchEmbedContents'
    const body = request.form === 'one' ? requests[0] : writeMembers({ requests }, extension)
    return {
      path: `/${version}/models/${model}:${method}`,
      body: JSON.stringify(body ?? {}),
      headers: { 'content-type': 'application/json' },
      warnings: [],
    }
  },

  decodeResponse(wire) {
    const root = readRoot(parseBody(wire.body))
    const reader = readObject(root)
    const one = reader.object('embedding')
    const vectors = (one === undefined ? (reader.list('embeddings') ?? []) : [one]).map(vectorOf)
    const usage = usageOf(root)
    return {
      protocol: 'gemini',
      vectors,
      ...(usage === undefined ? {} : { usage }),
      ...extend('gemini', reader.rest()),
    }
  },

  encodeResponse(response, request) {
    const extension = extensionOf(response, 'gemini')
    const embeddings = response.vectors.map((values) => ({ values }))
    const body = request.form === 'one' ? { embedding: embeddings[0] ?? { values: [] } } : { embeddings }
    const promptTokenCount = response.usage?.inputTokens
    const usage =
      promptTokenCount === undefined
        ? {}
        : { usageMetadata: { promptTokenCount, totalTokenCount: promptTokenCount } }
    return JSON.stringify(writeMembers({ ...body, ...usage }, extension))
  },
}

/** A batch request names the model again; it must be the one of the URL. */
const withModel = (request: JsonObject, name: string): JsonObject =>
  typeof request['model'] === 'string' ? { ...request, model: name } : request

/** @param path of the request, with a dot behind it, or empty */
const decodeOne = (request: JsonObject, path: string) => {
  const reader = readObject(request)
  const content = reader.object('content')
  const parts = content === undefined ? [] : (readObject(content).list('parts') ?? [])
  const texts = parts.map((part) => (isJsonObject(part) ? part['text'] : undefined))
  const media = texts.findIndex((text) => typeof text !== 'string')
  return {
    text: texts.filter((text) => typeof text === 'string').join('\n'),
    dimensions: reader.number('outputDimensionality'),
    task: reader.string('taskType'),
    title: reader.string('title'),
    unsaid: media < 0 ? undefined : { at: `${path}content.parts[${media}]`, what: 'a part that is no text' },
  }
}

/** Elsewhere one size holds for all vectors. */
const differing = (decoded: readonly { readonly dimensions: number | undefined }[]) => {
  const index = decoded.findIndex(({ dimensions }) => dimensions !== decoded[0]?.dimensions)
  if (index < 0) return undefined
  return { at: `requests[${index}].outputDimensionality`, what: 'vectors of several sizes' }
}

const vectorOf = (embedding: unknown): readonly number[] => {
  const values: JsonValue | undefined = isJsonObject(embedding) ? embedding['values'] : undefined
  return Array.isArray(values) ? values.filter((value): value is number => typeof value === 'number') : []
}
