import { GatewayError } from '../../errors.ts'
import type { Watch, Watchdog } from '../../pipeline/index.ts'
import { bodyBytes } from '../../wire/index.ts'
import type { AttemptExchange, UpstreamHealth } from '../attempts/index.ts'
import type { CacheKept } from '../prompt-cache/index.ts'
import type { Reserved } from '../reserve/index.ts'
import { isThere } from './is-there.ts'
import { left } from './left.ts'
import { asksForUsage, upstreamAddress, upstreamBody, upstreamHeaders } from './upstream-request.ts'

/** All in milliseconds; 0 means no bound. */
export interface Timeouts {
  readonly connect: number
  readonly firstByte: number
  readonly idle: number
  readonly total: number
}

export interface HttpCall {
  readonly response: Response
  /** Ends the upstream call, wherever it is. */
  abort(): void
  /** True once `abort` was called because a bound passed, not because the client left. */
  timedOut(): boolean
  /** The body comes as one piece, for which the provider has as long as for the first byte of the head. */
  expectWhole(): void
  /** Stops the bounds on the call. */
  finished(): void
  readonly hidesUsage: boolean
}

export interface SendParts {
  readonly watchdog: Watchdog
  readonly health: Pick<UpstreamHealth, 'connections'>
}

/** What goes out, but for the credential. */
export interface Outgoing {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array | undefined
  /** It lets a paused answer go on; who looks at what is sent has seen its beginning. */
  readonly isContinuation?: boolean
}

const clientsOwn = (exchange: AttemptExchange & Reserved): Outgoing => ({
  url: exchange.attempt.target.provider.url(upstreamAddress(exchange)),
  method: exchange.request.method,
  headers: upstreamHeaders(exchange.request, exchange.facts.stream),
  body: exchange.request.method === 'POST' ? upstreamBody(exchange) : undefined,
})

/**
 * Sends the client's bytes on, or what they were translated to. The upstream's status is not judged here.
 * @throws GatewayError `gateway_upstream_unreachable`, `gateway_upstream_timeout`, `gateway_client_gone`
 */
export const sendHttp = async (
  exchange: AttemptExchange & Reserved & Partial<CacheKept>,
  timeouts: Timeouts,
  { watchdog, health: { connections } }: SendParts,
  outgoing: Outgoing = clientsOwn(exchange),
): Promise<HttpCall> => {
  const { attempt, signal } = exchange
  const { provider } = attempt.target
  const { url, headers } = outgoing
  if (signal.aborted) throw left(signal, beforeAnswer, false)
  if (attempt.credential.origin !== url.origin) {
    throw new GatewayError(
      'gateway_internal',
      'a credential was about to leave for an origin that is not its own',
    )
  }
  provider.authorize(headers, attempt.credential, attempt.protocol)

  const controller = new AbortController()
  let hasAnswered = false
  let bound: 'connect' | 'first byte' | 'whole body' | 'total' | undefined
  const limit = (milliseconds: number, name: 'first byte' | 'whole body' | 'total'): Watch =>
    watchdog.watch(milliseconds, () => {
      bound = name
      controller.abort()
    })
  const firstByte = limit(timeouts.firstByte, 'first byte')
  const total = limit(timeouts.total, 'total')
  // `fetch` has no bound of its own on connecting, and cannot tell it from thinking: so look whether the host is there.
  const connecting = watchdog.watch(timeouts.connect / 2, async () => {
    if ((await isThere(url, timeouts.connect / 2)) || hasAnswered) return
    bound = 'connect'
    controller.abort()
  })
  const leave = (): void => controller.abort()
  let wholeBody: Watch | undefined
  signal.addEventListener('abort', leave, { once: true })
  const answered = (): void => {
    hasAnswered = true
    firstByte.end()
    connecting.end()
  }
  const clear = (): void => {
    answered()
    wholeBody?.end()
    total.end()
    signal.removeEventListener('abort', leave)
  }
  try {
    const body = outgoing.body === undefined ? null : bodyBytes(outgoing.body)
    const sent = fetch(url, {
      method: outgoing.method,
      headers,
      body,
      redirect: 'manual',
      decompress: false,
      signal: controller.signal,
    })
    if (outgoing.body !== undefined && outgoing.isContinuation !== true) exchange.onSent?.(outgoing.body)
    const response = await sent
    answered()
    connections.used(url.origin)
    return {
      response,
      abort: () => controller.abort(),
      timedOut: () => bound !== undefined,
      expectWhole() {
        wholeBody = limit(timeouts.firstByte, 'whole body')
      },
      finished: clear,
      hidesUsage: asksForUsage(exchange),
    }
  } catch (error) {
    clear()
    if (signal.aborted) throw left(signal, beforeAnswer, true)
    if (bound !== undefined) {
      throw new GatewayError(
        'gateway_upstream_timeout',
        `the provider ${provider.id} missed the ${bound} time limit`,
        { wasSent: bound !== 'connect' || connections.mayBeOpen(url.origin) },
      )
    }
    throw unreachable(provider.id, error)
  }
}

const beforeAnswer = 'before the answer began'

/** The code says what happened (`ECONNREFUSED`, `ENOTFOUND`, …); the message might hold the URL. */
const unreachable = (provider: string, error: unknown): GatewayError => {
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'connection failed'
  return new GatewayError(
    'gateway_upstream_unreachable',
    `the provider ${provider} could not be reached (${code})`,
    { cause: error, wasSent: !unsent.has(code) },
  )
}

/** Failures that come before the first byte of a request has left. */
const unsent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPROTO',
])
