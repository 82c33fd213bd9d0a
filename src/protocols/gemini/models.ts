import { GatewayError } from '../../errors.ts'
import type { Operation } from '../../ir/index.ts'
import type { ListedModel, ModelsCodec } from '../protocol.ts'

const defaultPageSize = 50
const largestPageSize = 1000

/** `GET /models` with `pageSize` and `pageToken`. The token is the index of the first model of the page. */
export const models: ModelsCodec = {
  encodeList(listed, query) {
    const size = pageSize(query.get('pageSize') ?? query.get('page_size'))
    const start = pageStart(query.get('pageToken') ?? query.get('page_token'))
    const end = start + size
    return JSON.stringify({
      models: listed.slice(start, end).map(encodeModel),
      ...(end < listed.length ? { nextPageToken: Buffer.from(`at:${end}`).toString('base64url') } : {}),
    })
  },
  encodeOne: (model) => JSON.stringify(encodeModel(model)),
}

const pageSize = (text: string | null): number => {
  const size = Number(text ?? defaultPageSize)
  if (!Number.isInteger(size) || size < 0) throw invalid('pageSize')
  return size === 0 ? defaultPageSize : Math.min(size, largestPageSize)
}

const pageStart = (token: string | null): number => {
  if (token === null || token === '') return 0
  const start = /^at:(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1]
  if (start === undefined) throw invalid('pageToken')
  return Number(start)
}

const invalid = (param: string): GatewayError =>
  new GatewayError('gateway_request_invalid', `invalid value at '${param}'`, { param })

const encodeModel = (model: ListedModel) => ({
  name: `models/${model.id}`,
  baseModelId: model.id,
  version: model.id,
  displayName: model.displayName ?? model.id,
  ...(model.contextWindow === undefined ? {} : { inputTokenLimit: model.contextWindow }),
  ...(model.maxOutputTokens === undefined ? {} : { outputTokenLimit: model.maxOutputTokens }),
  supportedGenerationMethods: model.operations.flatMap((operation) => methods[operation] ?? []),
})

const methods: Readonly<Partial<Record<Operation, readonly string[]>>> = {
  generate: ['generateContent', 'streamGenerateContent'],
  'count-tokens': ['countTokens'],
  embed: ['embedContent', 'batchEmbedContents'],
}
