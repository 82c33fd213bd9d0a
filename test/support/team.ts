import { type TestGateway, waitFor } from './gateway.ts'

/** One worker of a gateway with several, as it says of itself. */
export interface TeamWorker {
  readonly number: number
  readonly pid: number
  readonly restarts: number
  readonly status: string
}

/** Who serves now. */
export const workersOf = async (gateway: TestGateway): Promise<readonly TeamWorker[]> => {
  const health = (await gateway.admin('/health')) as { workers?: readonly TeamWorker[] }
  return health.workers ?? []
}

/** Resolves when so many serve, and all of them know each other. */
export const untilTeam = (gateway: TestGateway, size: number): Promise<readonly TeamWorker[]> =>
  waitFor(async () => {
    // Whoever is asked last may be another one each time: all must say the same.
    for (let time = 0; time < 2 * size; time++) {
      const found = await workersOf(gateway).catch(() => [])
      if (found.length !== size) return undefined
      if (time === 2 * size - 1) return found
    }
    return undefined
  }, 60_000)

/** A request on a connection of its own, so that any worker may get it. */
export const askAnew = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...init, headers: { ...init.headers, connection: 'close' }, keepalive: false })
