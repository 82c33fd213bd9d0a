import type { Hono } from 'hono'
import type { AdminEnvironment } from './admin/index.ts'
import { clientAddress, isHttps } from './client-address.ts'
import {
  type EndpointKey,
  endpointKeys,
  type Health,
  type Listener,
  listen,
  type PortName,
  portNames,
  type Traffic,
} from './http/index.ts'
import { protocols } from './protocols/index.ts'
import type { Runtime } from './runtime.ts'
import type { Settings } from './settings.ts'
import type { Logger } from './telemetry/index.ts'

export interface Listening {
  readonly urls: readonly string[]
  /** Where clients point their SDKs. */
  readonly baseUrl: string
  readonly ports: Readonly<Record<string, number>>
  readonly traffic: Readonly<Traffic>
  /**
   * New connections are refused at once; what runs may finish until the deadline resolves. A worker that was relieved
   * still answers what comes on connections that it has: nobody else can.
   */
  drain(deadline: Promise<void>, isRelieved?: boolean): Promise<void>
}

/** How long a relieved worker asks clients to leave before it closes their connections, in milliseconds. */
const farewell = 1_000

export interface ListenersParts {
  readonly logger: Logger
  readonly health: Health
  /** Asked for each request, so that a reload counts at once. */
  readonly runtime: () => Runtime
  readonly admin: Hono<AdminEnvironment>
}

/** With other processes of this gateway, when a worker takes over from another. */
export interface Sharing {
  readonly isShared: boolean
  /** Those that the worker before has; they count where the settings leave the choice to the system. */
  readonly ports: Readonly<Record<string, number>>
}

/** Opens the one port, or one per kind of client, that the settings ask for. */
export const openListeners = (
  settings: Settings,
  parts: ListenersParts,
  sharing: Sharing = { isShared: false, ports: {} },
): Listening => {
  const traffic: Traffic = { exchanges: 0, bytes: 0, draining: false, leaving: false }
  const { tls, host, mode } = settings.listen
  const opened = new Map<string, Listener>()
  for (const { name, port, serves } of wanted(settings)) {
    opened.set(
      name,
      listen(
        {
          hostname: host,
          port: port === 0 ? (sharing.ports[name] ?? 0) : port,
          isShared: sharing.isShared,
          serves,
          ...(tls === undefined ? {} : { tls: { certFile: tls.cert_file, keyFile: tls.key_file } }),
        },
        {
          protocols: Object.values(protocols),
          logger: parts.logger,
          health: parts.health,
          isProvider: (id) => parts.runtime().upstreams.providers.has(id),
          workMode: () => (mode === 'multi' ? parts.runtime().settings.listen.work_modes[name] : undefined),
          limits() {
            const { listen: limits } = parts.runtime().settings
            return {
              maxBytes: limits.max_body,
              deadline: limits.body_timeout,
              concurrentExchanges: limits.concurrent_exchanges,
              inFlightBytes: limits.max_in_flight_bytes,
            }
          },
          handle: (exchange) => parts.runtime().handle(exchange),
          admin: async (request, peer) => {
            const { trusted_proxies: proxies } = parts.runtime().settings.listen
            const address = clientAddress(peer, request.headers, proxies)
            return parts.admin.fetch(request, { address, isSecure: isHttps(request, peer, proxies) })
          },
          clientAddress: (peer, headers) =>
            clientAddress(peer, headers, parts.runtime().settings.listen.trusted_proxies),
        },
        traffic,
      ),
    )
  }
  const listeners = [...opened.values()]
  const first = listeners[0]
  return {
    urls: listeners.map((listener) => listener.url.href),
    baseUrl: first === undefined ? '' : first.url.href.replace(/\/$/, ''),
    ports: Object.fromEntries([...opened].map(([name, listener]) => [name, listener.port])),
    traffic,
    async drain(deadline, isRelieved = false) {
      traffic.draining = !isRelieved
      traffic.leaving = true
      // Whoever sends on a connection in the moment in which it is closed as idle is turned away: so few are left.
      if (isRelieved) await Promise.race([Bun.sleep(farewell), deadline])
      const done = Promise.all(listeners.map((listener) => listener.drain()))
      await Promise.race([done, deadline])
      await Promise.all(listeners.map((listener) => listener.stop()))
    },
  }
}

/** Where the admin API is reached from this machine, without a slash at the end. */
export const adminUrl = ({ baseUrl, ports }: Pick<Listening, 'baseUrl' | 'ports'>): string => {
  const url = new URL(baseUrl)
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (url.hostname === '[::]') url.hostname = '[::1]'
  url.port = String(ports['admin'] ?? url.port)
  return url.origin
}

/**
 * Ports that may be shared would be shared with anybody: so they are opened once for this process alone before.
 * Throws what the system says where one is taken.
 */
export const assertFree = (settings: Settings): void => {
  for (const { port } of wanted(settings)) {
    if (port !== 0) Bun.listen({ hostname: settings.listen.host, port, socket: { data() {} } }).stop(true)
  }
}

interface Wanted {
  readonly name: PortName
  readonly port: number
  readonly serves: ReadonlySet<EndpointKey>
}

const wanted = ({ listen: { mode, port, ports, endpoints } }: Settings): readonly Wanted[] =>
  mode === 'single'
    ? [{ name: 'facade', port, serves: new Set(endpointKeys) }]
    : portNames
        .map((name) => ({ name, port: ports[name], serves: new Set(endpoints[name]) }))
        .filter(({ serves }) => serves.size > 0)
