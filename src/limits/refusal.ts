import { type ErrorCode, GatewayError } from '../errors.ts'
import type { Refused, Standing } from './admission.ts'
import type { Bound } from './limit-table.ts'

/** 429: says which limit, and when there is room. @param headers the limits in the client's own headers */
export const limitExceeded = (
  refused: Refused,
  headers: Readonly<Record<string, string>> = {},
): GatewayError => {
  const { wait } = refused
  return new GatewayError(codeOf(refused), messageOf(refused), {
    retryAfter: wait / 1000,
    headers: { ...headers, 'retry-after-ms': String(Math.ceil(wait)) },
  })
}

/** What is in the way: for the metric, and the first words of the message. */
export const tightest = ({ by }: Refused): Standing | undefined =>
  by.reduce<Standing | undefined>(
    (worst, one) => (worst === undefined || waitOf(one) > waitOf(worst) ? one : worst),
    undefined,
  )

const waitOf = ({ level }: Standing): number => (level.type === 'bucket' ? level.wait : 0)

const codeOf = (refused: Refused): ErrorCode => {
  if (refused.repeated !== undefined) return 'gateway_runaway_client'
  return refused.by.every(({ level }) => level.type === 'slot')
    ? 'gateway_concurrency_limited'
    : 'gateway_rate_limited'
}

const messageOf = (refused: Refused): string => {
  const after = `try again in ${secondsText(refused.wait)}`
  if (refused.repeated !== undefined) {
    return `the same request came too often in a short time, as if the client were stuck: it is not sent on; ${after}`
  }
  const worst = tightest(refused)
  if (worst === undefined) return `a limit has no room for this request; ${after}`
  return `${whose(worst.bound)} allows ${limitText(worst.bound)}, and there is no room for this request; ${after}`
}

/** A key's own id may be told, an address of others never stands here: it is the client's own. */
const whose = ({ level, subject }: Bound): string => {
  switch (level) {
    case 'global':
      return 'the gateway'
    case 'credential':
      return "the limit of the gateway's own credential"
    case 'ip':
      return 'the limit of this address'
    case 'session':
      return 'the limit of this session'
    default:
      return `the limit of the ${level} ${(subject ?? '').slice(0, 200)}`
  }
}

/** `600 requests per minute`. */
export const limitText = ({ unit, limit, per }: Pick<Bound, 'unit' | 'limit' | 'per'>): string => {
  if (unit === 'concurrent') return `${limit} ${limit === 1 ? 'request' : 'requests'} at once`
  const words = unit.replace('_', ' ')
  return `${limit} ${limit === 1 ? words.slice(0, -1) : words} per ${per ?? 'second'}`
}

const secondsText = (milliseconds: number): string =>
  milliseconds < 10_000
    ? `${(Math.ceil(milliseconds / 100) / 10).toFixed(1)} s`
    : `${Math.ceil(milliseconds / 1000)} s`
