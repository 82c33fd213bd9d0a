import type { Context } from 'hono'
import { GatewayError } from '../errors.ts'

/** A JSON object body; absent counts as `{}`. Its members are checked by whoever takes it. */
export const readObject = async (context: Context): Promise<Record<string, unknown>> => {
  const text = await context.req.text()
  if (text.length > 1_000_000)
    throw new GatewayError('gateway_body_too_large', 'the body is larger than 1 MB')
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new GatewayError('gateway_json_invalid', 'the body is not valid JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GatewayError('gateway_json_invalid', 'the body must be a JSON object')
  }
  return { ...value }
}

const latestTime = 8_640_000_000_000_000

/** A time in a query: milliseconds since 1970, or anything ISO 8601. */
export const timeParameter = (context: Context, name: string): number | undefined => {
  const text = context.req.query(name)
  if (text === undefined || text === '') return undefined
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  // What a date can be; databases know no later time either.
  if (Math.abs(time) <= latestTime) return time
  throw invalid(name, `${name} must be an ISO 8601 time or milliseconds since 1970`)
}

/** A whole number from 1 to `most` in a query. */
export const limitParameter = (context: Context, most: number): number | undefined => {
  const text = context.req.query('limit')
  if (text === undefined || text === '') return undefined
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit
  throw invalid('limit', `limit must be a whole number from 1 to ${most}`)
}

export const invalid = (param: string, message: string): GatewayError =>
  new GatewayError('gateway_request_invalid', message, { param })
