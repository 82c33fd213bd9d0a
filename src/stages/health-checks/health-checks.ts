import type { Credential, Provider } from '../../providers/index.ts'
import type { Logger, MetricRegistry } from '../../telemetry/index.ts'
import type { UpstreamHealth } from '../attempts/index.ts'
import { probe } from './probe.ts'
import type { ProbeResult } from './probe-result.ts'

/** How one provider is looked after. Durations in milliseconds. */
export interface HealthCheck {
  readonly provider: Provider
  readonly credentials: readonly Credential[]
  readonly every: number
  readonly timeout: number
  /** In a row, after which the provider is taken for unreachable. */
  readonly failures: number
  /** At the provider's origin; absent: its list of models. */
  readonly path?: string | undefined
}

/** What the last check of a provider with a credential said. */
export interface CheckedHealth {
  readonly credential: string
  readonly result: ProbeResult
  /** Milliseconds since 1970. */
  readonly checkedAt: number
  readonly latencyMs: number
  /** In a row. */
  readonly failures: number
  /** Nothing is asked there until a check succeeds. */
  readonly isDown: boolean
}

export interface HealthChecksParts {
  /** As configured now; the same list until the configuration changes. */
  readonly checks: () => readonly HealthCheck[]
  readonly health: Pick<UpstreamHealth, 'circuits' | 'reach'>
  readonly registry: Pick<MetricRegistry, 'counter'>
  readonly logger: Pick<Logger, 'warn'>
  readonly now: () => number
  /** 0 up to 1. */
  readonly random: () => number
  readonly probe?: typeof probe
}

/** Looks after every provider in its time, each with all of its credentials. */
export interface HealthChecks {
  /** Runs the checks whose time has come, and resolves when they are done. */
  tick(): Promise<void>
  /** Of a provider, one for each credential that was checked. */
  of(provider: string): readonly CheckedHealth[]
  start(): void
  /** Ends what runs, and starts no more. */
  stop(): void
}

/** How often settings and clock are looked at, at most, in milliseconds. */
const longestTick = 1000

interface Checked {
  readonly due: number
  readonly last?: Omit<CheckedHealth, 'isDown'>
}

export const createHealthChecks = (parts: HealthChecksParts): HealthChecks => {
  const { health, now, random } = parts
  const ask = parts.probe ?? probe
  const count = parts.registry.counter({
    name: 'tollgate_health_check_total',
    help: 'Looks at whether a provider can be reached, by what came of it.',
    labels: ['provider', 'result'],
  })
  const stopping = new AbortController()
  let planned: readonly HealthCheck[] | undefined
  let checked = new Map<string, Checked>()
  let timer: ReturnType<typeof setInterval> | undefined

  /** New ones begin at some time soon, so that restarts and many processes do not look all at once. */
  const plan = (): readonly HealthCheck[] => {
    const checks = parts.checks()
    if (checks === planned) return checks
    planned = checks
    const before = checked
    checked = new Map()
    for (const { provider, credentials, every } of checks) {
      for (const { id } of credentials) {
        const key = keyOf(provider.id, id)
        const known = before.get(key)
        const due = Math.min(known?.due ?? Number.POSITIVE_INFINITY, now() + random() * every)
        checked.set(key, { ...known, due })
        before.delete(key)
      }
    }
    // Whom nobody looks after any more nobody would find again.
    for (const [key, { last }] of before)
      if (last !== undefined) health.reach.found(providerOf(key), last.credential)
    return checks
  }

  const look = async (check: HealthCheck, credential: Credential): Promise<void> => {
    const { provider, every, timeout, failures: most, path } = check
    const key = keyOf(provider.id, credential.id)
    const startedAt = now()
    const jitter = 0.9 + random() * 0.2
    checked.set(key, { ...checked.get(key), due: startedAt + every * jitter })
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(timeout)])
    const result = await ask(provider, credential, path, signal)
    // A reload may have taken it away in the meantime.
    const known = checked.get(key)
    if (stopping.signal.aborted || known === undefined) return
    const failures = result === 'ok' ? 0 : (known.last?.failures ?? 0) + 1
    const last = {
      credential: credential.id,
      result,
      checkedAt: now(),
      latencyMs: now() - startedAt,
      failures,
    }
    checked.set(key, { ...known, last })
    count(provider.id, result).add()
    if (result === 'ok') {
      health.reach.found(provider.id, credential.id)
      health.circuits.reached(provider.id, credential.id)
    } else if (failures >= most) {
      // Where checks end, by a crash or a reload, this ends as well.
      health.reach.lost(provider.id, credential.id, now() + 2 * (every + timeout))
    }
  }

  const tick = async (): Promise<void> => {
    const time = now()
    const due = plan().flatMap((check) =>
      check.credentials
        .filter(({ id }) => (checked.get(keyOf(check.provider.id, id))?.due ?? time) <= time)
        .map((credential) => look(check, credential)),
    )
    await Promise.all(due)
  }
  return {
    tick,
    of: (provider) =>
      [...checked].flatMap(([key, { last }]) =>
        last === undefined || providerOf(key) !== provider
          ? []
          : [{ ...last, isDown: health.reach.isDown(provider, last.credential) }],
      ),
    start() {
      timer = setInterval(() => {
        tick().catch((error: unknown) =>
          parts.logger.warn('a provider could not be looked after', {
            error: error instanceof Error ? error.message : undefined,
          }),
        )
      }, longestTick)
      timer.unref()
    },
    stop() {
      stopping.abort()
      clearInterval(timer)
    },
  }
}

/** No provider has a space in its id. */
const keyOf = (provider: string, credential: string): string => `${provider} ${credential}`

const providerOf = (key: string): string => key.slice(0, key.indexOf(' '))
