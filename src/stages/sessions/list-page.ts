import { GatewayError } from '../../errors.ts'
import type { JsonText } from '../../ir/index.ts'

export interface PageQuery {
  readonly order: 'asc' | 'desc'
  /** Only what follows the item of this id. */
  readonly after: string | undefined
  /** 1 to 100. */
  readonly limit: number
}

/** @throws GatewayError `gateway_request_invalid` */
export const pageQuery = (query: URLSearchParams): PageQuery => {
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') throw invalid('order', '`asc` or `desc`')
  const text = query.get('limit') ?? '20'
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > 100) throw invalid('limit', 'a whole number from 1 to 100')
  return { order, after: query.get('after') ?? undefined, limit }
}

/** The page of a list that is known whole, oldest first. */
export const pageOf = <Item extends { readonly id: string }>(
  all: readonly Item[],
  { order, after, limit }: PageQuery,
): { readonly page: readonly Item[]; readonly hasMore: boolean } => {
  const ordered = order === 'asc' ? all : all.toReversed()
  const start = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== undefined && start === 0) throw unknownAfter(after)
  return { page: ordered.slice(start, start + limit), hasMore: ordered.length > start + limit }
}

export const listJson = (
  page: readonly { readonly id: string; readonly json: JsonText }[],
  hasMore: boolean,
): JsonText => {
  const ends = JSON.stringify({
    first_id: page.at(0)?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: hasMore,
  })
  return `{"object":"list","data":[${page.map(({ json }) => json).join(',')}],${ends.slice(1)}`
}

export const unknownAfter = (after: string): GatewayError =>
  new GatewayError('gateway_request_invalid', `no item \`${after.slice(0, 100)}\` is in this list`, {
    param: 'after',
  })

export const invalid = (param: string, wanted: string): GatewayError =>
  new GatewayError('gateway_request_invalid', `invalid value for '${param}': expected ${wanted}`, { param })
