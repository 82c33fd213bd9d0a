import type { CountCheck, CountCheckStore } from '../../ledger/index.ts'
import type { MetricRegistry } from '../../telemetry/index.ts'

/** What became of a call that was to be counted. */
export type CheckResult =
  | 'counted'
  /** Prompt and answer hold what nobody can count from outside, or the provider reports nothing. */
  | 'uncountable'
  /** There was no complete answer. */
  | 'no_answer'
  /** Too long, too many bytes are kept, or too many calls wait. */
  | 'dropped'
  | 'failed'

/** A call that was chosen; what is kept of it is given back with its end. */
export interface CountSample {
  /** Keeps bytes. False, and the sample is over, when too many are kept of this call, or of all. */
  hold(bytes: number): boolean
  /** Ends it without a count. */
  drop(result: 'uncountable' | 'no_answer'): void
  /** Counts a moment later, one call at a time. Nobody waits for it, and it never throws. */
  count(work: () => Promise<CountCheck | undefined>): void
}

/** All counts of this process: which calls, how many at once, and what became of them. Survives a reload. */
export interface CountChecks {
  /** Undefined where the call is not chosen. The same exchange is chosen by every process, or by none. */
  sample(call: ChosenBy): CountSample | undefined
  /** Ends what waits, and starts no more. */
  stop(): Promise<void>
}

export interface ChosenBy {
  readonly exchange: string
  readonly provider: string
  readonly model: string
  /** Of all calls, 0 to 1; 0 is none at all. */
  readonly share: number
}

export interface CountChecksParts {
  readonly store: Pick<CountCheckStore, 'record'>
  readonly registry: Pick<MetricRegistry, 'counter'>
  readonly onProblem: (message: string, error: unknown) => void
  /** Bytes of one call that may be kept, prompt and answer. Default 2 MiB. */
  readonly mostOfCall?: number
  /** Bytes of all calls. Default 16 MiB. */
  readonly mostBytes?: number
  /** Calls that may wait. Default 32. */
  readonly mostWaiting?: number
}

/** Before each count, in milliseconds: by then the last byte of the answer is out and its row is written. */
const moment = 50
/** However many wait, counting takes a tenth of the time; but for one that takes as long as opening an alphabet. */
const restFactor = 9
const longestRest = 1_000
/** Calls of each upstream that are counted in any case, so that a new one is known soon. */
const firstCalls = 10
/** Upstreams whose first calls are remembered; of more, none is counted in any case. */
const mostUpstreams = 1000
/** How long stopping waits for the count that runs, in milliseconds. */
const patience = 2_000

export const createCountChecks = (parts: CountChecksParts): CountChecks => {
  const { mostOfCall = 2 * 1024 * 1024, mostBytes = 16 * 1024 * 1024, mostWaiting = 32 } = parts
  const results = parts.registry.counter({
    name: 'tollgate_count_checks_total',
    help: 'Upstream calls whose tokens were to be counted here as well, by what became of it.',
    labels: ['result'],
  })
  const begun = new Map<string, number>()
  const waiting: (() => Promise<void>)[] = []
  let running: Promise<void> | undefined
  let heldBytes = 0
  let isStopped = false

  const isFirst = (provider: string, model: string): boolean => {
    const name = `${provider}\n${model}`
    const calls = begun.get(name) ?? 0
    if (calls >= firstCalls || (calls === 0 && begun.size >= mostUpstreams)) return false
    begun.set(name, calls + 1)
    return true
  }
  const runAll = async (): Promise<void> => {
    let rest = moment
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!isStopped) await Bun.sleep(rest)
      const beganAt = performance.now()
      await next()
      rest = Math.max(moment, Math.min(longestRest, (performance.now() - beganAt) * restFactor))
    }
    running = undefined
  }
  const counted = async (work: () => Promise<CountCheck | undefined>): Promise<CheckResult> => {
    if (isStopped) return 'dropped'
    try {
      const check = await work()
      if (check === undefined) return 'uncountable'
      await parts.store.record(check)
      return 'counted'
    } catch (error) {
      parts.onProblem('the tokens of a call could not be counted', error)
      return 'failed'
    }
  }
  const sample = (): CountSample => {
    let held = 0
    let isOver = false
    const end = (result: CheckResult): void => {
      if (isOver) return
      isOver = true
      heldBytes -= held
      results(result).add()
    }
    return {
      hold(bytes) {
        if (isOver) return false
        if (held + bytes > mostOfCall || heldBytes + bytes > mostBytes) {
          end('dropped')
          return false
        }
        held += bytes
        heldBytes += bytes
        return true
      },
      drop: end,
      count(work) {
        if (isOver) return
        if (isStopped || waiting.length >= mostWaiting) {
          end('dropped')
          return
        }
        waiting.push(async () => end(await counted(work)))
        running ??= runAll()
      },
    }
  }
  return {
    sample({ exchange, provider, model, share }) {
      if (share === 0 || isStopped || (drawn(exchange) >= share && !isFirst(provider, model)))
        return undefined
      if (waiting.length < mostWaiting) return sample()
      results('dropped').add()
      return undefined
    },
    async stop() {
      isStopped = true
      await Promise.race([running, Bun.sleep(patience)])
    },
  }
}

/** 0 to 1, the same for the same exchange wherever it is asked. */
const drawn = (id: string): number => Bun.hash.xxHash32(`count ${id}`) / 2 ** 32
