import type { Settings } from './settings.ts'
import { memoryState, redisState, type State } from './state/index.ts'
import type { Logger, MetricRegistry } from './telemetry/index.ts'

export interface StateSurroundings {
  readonly logger: Pick<Logger, 'info' | 'warn'>
  readonly registry: MetricRegistry
}

/** The state that the settings ask for. Never waits: a Redis that is away does not keep the gateway from starting. */
export const openState = ({ redis }: Settings, { logger, registry }: StateSurroundings): State => {
  if (redis.url === undefined) return memoryState()
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
