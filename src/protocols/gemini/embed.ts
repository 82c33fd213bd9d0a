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
    const decoded = requests.map(decodeOne)
    const [first] = decoded
    return {
      protocol: 'gemini',
      model,
      inputs: decoded.map(({ text }) => text),
      form: isBatch ? 'list' : 'one',
      ...(first?.dimensions === undefined ? {} : { dimensions: first.dimensions }),
      format: 'float',
      ...(first?.task === undefined ? {} : { task: first.task }),
      ...(first?.title === undefined ? {} : { title: first.title }),
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
    const settings = {
      taskType: request.task,
      title: request.title,
      outputDimensionality: request.dimensions,
    }
    const requests = Array.isArray(own)
      ? own.filter(isJsonObject).map((one) => withModel(one, name))
      : request.inputs.map((input) => ({
          model: name,
          content: { parts: [{ text: typeof input === 'string' ? input : input.join(' ') }] },
          ...settings,
        }))
    const version = typeof extension['$version'] === 'string' ? extension['$version'] : 'v1beta'
    const model = target.model.split('/').map(encodeURIComponent).join('/')
    const method = request.form === 'one' ? 'embedContent' : 'batchEmbedContents'
    const body = request.form === 'one' ? requests[0] : writeMembers({ requests }, extension)
    const tokens = request.inputs.some((input) => typeof input !== 'string')
    return {
      path: `/${version}/models/${model}:${method}`,
      body: JSON.stringify(body ?? {}),
      headers: { 'content-type': 'application/json' },
      warnings: tokens
        ? [{ code: 'approximated', feature: 'token ids', path: 'input', reason: 'Gemini embeds texts only' }]
        : [],
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

const decodeOne = (request: JsonObject) => {
  const reader = readObject(request)
  const content = reader.object('content')
  const parts = content === undefined ? [] : (readObject(content).list('parts') ?? [])
  const texts = parts.flatMap((part) =>
    isJsonObject(part) && typeof part['text'] === 'string' ? [part['text']] : [],
  )
  return {
    text: texts.join('\n'),
    dimensions: reader.number('outputDimensionality'),
    task: reader.string('taskType'),
    title: reader.string('title'),
  }
}

const vectorOf = (embedding: unknown): readonly number[] => {
  const values: JsonValue | undefined = isJsonObject(embedding) ? embedding['values'] : undefined
  return Array.isArray(values) ? values.filter((value): value is number => typeof value === 'number') : []
}
