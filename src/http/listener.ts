import { GatewayError, toGatewayError } from '../errors.ts'
import type { WorkMode } from '../ir/index.ts'
import {
  createWatchdog,
  type Exchange,
  type Incoming,
  isWhole,
  type Reply,
  type Watch,
} from '../pipeline/index.ts'
import type { Protocol } from '../protocols/index.ts'
import { createId, type Logger } from '../telemetry/index.ts'
import { type EndpointKey, endpointKeyOf } from './endpoint-keys.ts'
import { type Health, healthPaths, healthResponse } from './health.ts'
import { type BodyLimits, readBody } from './read-body.ts'
import { errorResponse, toResponse } from './respond.ts'
import { createRouter, type RouteMatch } from './router.ts'

export interface ListenerSettings {
  readonly hostname: string
  readonly port: number
  /** Another process of this gateway may listen on the same port: a worker that takes over. */
  readonly isShared: boolean
  readonly serves: ReadonlySet<EndpointKey>
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
}

/** What the listener needs of the rest; read anew for each request, so that a reload takes effect at once. */
export interface ListenerParts {
  readonly protocols: readonly Protocol[]
  readonly logger: Logger
  readonly health: Health
  isProvider(id: string): boolean
  /** What the settings say for this port. */
  workMode(): WorkMode | undefined
  limits(): BodyLimits & { readonly concurrentExchanges: number; readonly inFlightBytes: number }
  handle(exchange: Exchange): Promise<Reply>
  /** Everything below `/api/v1/`, `/metrics`, and the console. */
  admin(request: Request, peer: string): Promise<Response>
  /** The client's address, as far as the peer may be trusted about it. */
  clientAddress(peer: string, headers: Headers): string
}

export interface Listener {
  readonly url: URL
  readonly port: number
  /** Refuses new connections; resolves when the running ones are done. */
  drain(): Promise<void>
  /** Ends everything at once. */
  stop(): Promise<void>
}

/** Seconds that an idle or half-sent connection may last beyond our own deadline for the body. */
const idleGrace = 5

/** An exchange that runs for so many milliseconds gets its idle bound lifted; most are over by then. */
const patience = 500

export interface Traffic {
  exchanges: number
  bytes: number
  draining: boolean
  /** Another process serves now: clients are asked to connect anew for their next request. */
  leaving: boolean
}

export const listen = (settings: ListenerSettings, parts: ListenerParts, traffic: Traffic): Listener => {
  const served = parts.protocols.filter((protocol) => settings.serves.has(endpointKeyOf(protocol.id)))
  const router = createRouter(served, parts.isProvider)
  const watchdog = createWatchdog(Date.now)
  const idleSeconds = (): number => Math.min(255, Math.ceil(parts.limits().deadline / 1000) + idleGrace)

  const server = Bun.serve({
    hostname: settings.hostname,
    port: settings.port,
    reusePort: settings.isShared,
    development: false,
    idleTimeout: idleSeconds(),
    // Our own bound answers in the protocol's shape; Bun's would be empty.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    ...(settings.tls === undefined
      ? {}
      : { tls: { cert: Bun.file(settings.tls.certFile), key: Bun.file(settings.tls.keyFile) } }),
    error(error) {
      parts.logger.error('request failed outside the pipeline', { error: error.name })
      return errorResponse(toGatewayError(error), undefined, createId('req'))
    },
    async fetch(request, bun) {
      const { path, query } = splitUrl(request.url)
      const address = (): string =>
        parts.clientAddress(bun.requestIP(request)?.address ?? '', request.headers)
      const local = localAnswer(request, path)
      if (local !== undefined) return local
      if (settings.serves.has('admin') && isAdminPath(path)) {
        return parts.admin(request, bun.requestIP(request)?.address ?? '')
      }
      const routed = router.route(request.method, path, request.headers, query)
      const id = createId('req')
      if (routed.type === 'wrong-method') {
        if (isWebSocket(request)) return refuseWebSocket(routed.protocol, id)
        const message = `${request.method} is not allowed here, use ${routed.allowed.join(' or ')}`
        const error = new GatewayError('gateway_method_not_allowed', message)
        return errorResponse(error, routed.protocol, id, { allow: routed.allowed.join(', ') })
      }
      if (routed.type === 'unknown') {
        const error = new GatewayError(
          'gateway_route_unknown',
          `nothing is served at ${request.method} ${path}`,
        )
        return errorResponse(error, routed.protocol, id)
      }
      if (isWebSocket(request)) return refuseWebSocket(routed.match.protocol, id)
      return serve(request, query, routed.match, id, address, (seconds) => bun.timeout(request, seconds))
    },
  })

  const localAnswer = (request: Request, path: string): Response | undefined => {
    if (settings.serves.has('health') && healthPaths.has(path) && isRead(request)) {
      return healthResponse(path, parts.health)
    }
    // Clients probe the base URL with HEAD before they talk.
    if (path === '/' && request.method === 'HEAD') return new Response(null, { status: 200 })
    return undefined
  }

  const serve = async (
    request: Request,
    query: URLSearchParams,
    match: RouteMatch,
    id: string,
    address: () => string,
    setIdleTimeout: (seconds: number) => void,
  ): Promise<Response> => {
    const limits = parts.limits()
    if (
      traffic.draining ||
      traffic.exchanges >= limits.concurrentExchanges ||
      traffic.bytes > limits.inFlightBytes
    ) {
      return errorResponse(busy(traffic.draining), match.protocol, id)
    }
    let held = 0
    let waiting: Watch | undefined
    let isLifted = false
    let open = true
    traffic.exchanges++
    const release = (): void => {
      if (!open) return
      open = false
      traffic.exchanges--
      traffic.bytes -= held
    }
    const incoming: Incoming = {
      method: request.method,
      path: match.path,
      parameters: match.parameters,
      query,
      headers: request.headers,
      pinnedProvider: match.pinnedProvider,
      workMode: parts.workMode(),
      get remoteAddress() {
        return address()
      },
      async readBody() {
        const body = await readBody(request, limits, watchdog)
        held = body.byteLength
        traffic.bytes += held
        // The model may think for minutes; from then on the exchange has deadlines of its own.
        waiting = watchdog.watch(patience, () => {
          waiting = undefined
          isLifted = true
          setIdleTimeout(0)
        })
        return body
      },
    }
    try {
      const reply = await parts.handle({
        id,
        kind: 'client',
        protocol: match.protocol,
        endpoint: match.endpoint,
        operation: match.endpoint.operation,
        incoming,
        signal: request.signal,
        startedAt: Date.now(),
        stage: '',
      })
      waiting?.end()
      if (isWhole(reply)) {
        release()
        if (isLifted) setIdleTimeout(idleSeconds())
      } else {
        reply.body.onSettle(release)
        setIdleTimeout(0)
      }
      const response = toResponse(reply, () => setIdleTimeout(idleSeconds()))
      if (traffic.leaving) response.headers.set('connection', 'close')
      return response
    } catch (error) {
      waiting?.end()
      release()
      const shaped = toGatewayError(error)
      if (shaped.code === 'gateway_internal') {
        parts.logger.error('exchange failed', { request: id, error: describe(shaped.cause) })
      }
      setIdleTimeout(idleSeconds())
      const closes = shaped.code === 'gateway_body_timeout' || shaped.code === 'gateway_body_too_large'
      const extra: Readonly<Record<string, string>> = closes ? { connection: 'close' } : {}
      return errorResponse(shaped, match.protocol, id, extra, request.headers.get('user-agent') ?? '')
    }
  }

  return {
    url: server.url,
    port: server.port ?? settings.port,
    drain: () => server.stop(false),
    async stop() {
      watchdog.stop()
      await server.stop(true)
    },
  }
}

/** Path and query of a request's absolute URL, without the cost of a parse. */
const splitUrl = (url: string): { readonly path: string; readonly query: URLSearchParams } => {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const mark = url.indexOf('?', start)
  return mark < 0
    ? { path: url.slice(start), query: new URLSearchParams() }
    : { path: url.slice(start, mark), query: new URLSearchParams(url.slice(mark + 1)) }
}

const busy = (draining: boolean): GatewayError =>
  draining
    ? new GatewayError('gateway_draining', 'the gateway is shutting down, try again soon', { retryAfter: 2 })
    : new GatewayError('gateway_overloaded', 'too many exchanges run at once, try again soon', {
        retryAfter: 1,
      })

const isRead = (request: Request): boolean => request.method === 'GET' || request.method === 'HEAD'

const isAdminPath = (path: string): boolean =>
  path === '/' ||
  path === '/login' ||
  path === '/metrics' ||
  path.startsWith('/api/v1/') ||
  path === '/api/v1' ||
  path.startsWith('/console')

const isWebSocket = (request: Request): boolean =>
  request.headers.get('upgrade')?.toLowerCase() === 'websocket'

/** 426 makes Codex fall back to HTTP at once; a 404 costs it seven attempts (clients.md §1.4). */
const refuseWebSocket = (protocol: Protocol, id: string): Response => {
  const message = 'WebSocket transport is not served, use HTTP with server-sent events'
  return errorResponse(new GatewayError('gateway_websocket_unsupported', message), protocol, id)
}

/** Name and place of a defect, for the log; its message might hold request text. */
const describe = (cause: unknown): string =>
  cause instanceof Error
    ? `${cause.name} ${cause.stack?.split('\n').slice(1, 4).join(' ') ?? ''}`
    : typeof cause
