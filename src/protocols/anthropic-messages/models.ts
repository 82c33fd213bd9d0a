import { GatewayError } from '../../errors.ts'
import type { ListedModel, ModelsCodec } from '../protocol.ts'
import type { WireModel, WireModelPage } from './wire.ts'

const defaultLimit = 20
const maxLimit = 1000

/** `GET /v1/models` with cursors: `limit` 1–1000, `after_id`, `before_id`. */
export const models: ModelsCodec = {
  encodeList: (listed, query) => JSON.stringify(pageOf(listed, query)),
  encodeOne: (model) => JSON.stringify(encodeModel(model)),
}

/** @throws GatewayError `gateway_request_invalid` for a bad limit, an unknown cursor, or both cursors */
const pageOf = (listed: readonly ListedModel[], query: URLSearchParams): WireModelPage => {
  const limit = limitOf(query.get('limit'))
  const after = query.get('after_id') ?? ''
  const before = query.get('before_id') ?? ''
  if (after !== '' && before !== '') {
    throw invalid('before_id', 'only one of after_id and before_id may be given')
  }
  const start = after === '' ? 0 : positionOf(listed, after, 'after_id') + 1
  const end = before === '' ? listed.length : positionOf(listed, before, 'before_id')
  const candidates = listed.slice(start, end)
  // The page before a cursor ends at it.
  const page = before === '' ? candidates.slice(0, limit) : candidates.slice(-limit)
  return {
    data: page.map(encodeModel),
    has_more: page.length < candidates.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  }
}

const limitOf = (text: string | null): number => {
  if (text === null || text === '') return defaultLimit
  const limit = Number(text)
  if (!Number.isInteger(limit)) throw invalid('limit', 'input should be a valid integer')
  if (limit < 1 || limit > maxLimit) throw invalid('limit', `input should be from 1 to ${maxLimit}`)
  return limit
}

const positionOf = (listed: readonly ListedModel[], id: string, param: string): number => {
  const position = listed.findIndex((model) => model.id === id)
  if (position < 0) throw invalid(param, 'no model has this id')
  return position
}

const invalid = (param: string, problem: string): GatewayError =>
  new GatewayError('gateway_request_invalid', `${param}: ${problem}`, { param })

/** A model whose release date is unknown has the epoch, as at the vendor. */
const encodeModel = (model: ListedModel): WireModel => ({
  type: 'model',
  id: model.id,
  display_name: model.displayName ?? model.id,
  created_at: new Date((model.created ?? 0) * 1000).toISOString().replace('.000Z', 'Z'),
  lifecycle: 'active',
  max_input_tokens: model.contextWindow ?? null,
  max_tokens: model.maxOutputTokens ?? null,
  capabilities: null,
  line: null,
  deprecated_at: null,
  retires_at: null,
})
