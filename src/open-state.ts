import type { Settings } from './settings.ts'
import { memoryState, redisState, type State, supervisorState } from './state/index.ts'
import type { Logger, MetricRegistry } from './telemetry/index.ts'

export interface StateSurroundings {
  readonly logger: Pick<Logger, 'info' | 'warn'>
  readonly registry: MetricRegistry
  /** What the workers of this machine share. */
  readonly machine: State
}

/** Tells a worker where its supervisor serves the state of the machine; absent where there is one worker. */
export const stateVariable = 'TOLLGATE_STATE_SOCKET'

/** How long a worker waits for its supervisor, in milliseconds: it was started by it a moment ago. */
const firstWait = 5_000

/**
 * What the workers of this machine share, whether or not there is a Redis. With one worker that is its own memory.
 * Rejects when the supervisor does not answer.
 */
export const openMachineState = async (
  env: Readonly<Record<string, string | undefined>>,
  logger: Pick<Logger, 'info' | 'warn'>,
): Promise<State> => {
  const path = env[stateVariable]
  if (path === undefined || path === '') return memoryState()
  const state = supervisorState({ path })
  const known = Promise.withResolvers<void>()
  const stop = state.onStatus((status) => {
    if (status === 'connected') known.resolve()
  })
  const tooLate = setTimeout(() => {
    known.reject(new Error(`the supervisor does not answer at ${path}`))
  }, firstWait)
  try {
    await known.promise
  } catch (error) {
    state.close()
    throw error
  } finally {
    clearTimeout(tooLate)
    stop()
  }
  state.onStatus((status, reason) => {
    if (status === 'connected') logger.info('the supervisor is back, the workers share what they learn')
    else logger.warn('the supervisor does not answer, this worker goes on alone', { reason })
  })
  return state
}

/** The state that the settings ask for. Never waits: a Redis that is away does not keep the gateway from starting. */
export const openState = ({ redis }: Settings, { logger, registry, machine }: StateSurroundings): State => {
  if (redis.url === undefined) return machine
  const state = redisState({ url: redis.url, keyPrefix: redis.key_prefix })
  const gauge = registry.gauge({
    name: 'tollgate_redis_connected',
    help: '1 while Redis can be reached, 0 while this gateway goes on alone.',
  })
  gauge().set(0)
  state.onStatus((status, reason) => {
    gauge().set(status === 'connected' ? 1 : 0)
    if (status === 'connected') logger.info('redis is connected, this gateway shares what it learns')
    else logger.warn('redis is away, this gateway goes on alone', { reason })
  })
  return state
}
