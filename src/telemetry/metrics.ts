import type { Gauge } from './instrument.ts'
import { createMetricRegistry, type MetricRegistry } from './metric-registry.ts'
import { addProcessMetrics } from './process-metrics.ts'

export interface MetricsOptions {
  readonly version: string
  readonly commit?: string
  /** How often the supervisor has had to start this worker again. */
  readonly workerRestarts?: number
  /** Which of several workers this is: the label `worker` of every series. Absent where there is one. */
  readonly worker?: number
}

/** What one exchange was, once it is over. */
export interface ExchangeSample {
  readonly protocol: string
  readonly operation: string
  /** The provider that answered; `none` when nobody was asked. */
  readonly provider: string
  /** `ok`, an error code of ours, `client_gone`, …: a small set of words. */
  readonly outcome: string
  readonly durationSeconds: number
  /** Absent when nothing was answered. */
  readonly timeToFirstTokenSeconds?: number
  /** What the gateway itself added. */
  readonly overheadSeconds?: number
}

/** Token counts of one upstream call, as the IR has them; absent is unknown and counts nothing. */
export interface TokenCounts {
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly cacheReadTokens?: number
  readonly cacheWriteTokens?: number
  readonly cacheWriteLongTokens?: number
  readonly reasoningTokens?: number
}

/** Models and keys are no labels: they are many, and a client chooses them. The ledger has them. */
export interface Metrics {
  /** For metrics of other folders. */
  readonly registry: MetricRegistry
  readonly openExchanges: Gauge
  readonly openStreams: Gauge
  readonly ledgerPending: Gauge
  readonly ledgerSpooled: Gauge
  exchange(sample: ExchangeSample): void
  /** One upstream call: its HTTP status, or why there was none. */
  attempt(provider: string, result: number | 'unreachable' | 'timeout' | 'aborted'): void
  tokens(provider: string, counts: TokenCounts): void
  cost(provider: string, nanoUsd: bigint): void
  /** What a provider's cache saved, and what writing into it cost more. Nano-USD. */
  cacheMoney(provider: string, money: { readonly saved: bigint; readonly lost: bigint }): void
  /** An answer whose cost is not known. */
  unpriced(provider: string): void
  violation(protocol: string, rule: string): void
  /** An upstream of this provider is left alone, or works again. */
  circuit(provider: string, state: 'open' | 'closed'): void
  /** Two calls were made for one answer. @param provider who answered @param result of the second call */
  hedge(provider: string, result: 'won' | 'lost'): void
  /** Something of a client's request or answer had no counterpart in the other protocol. */
  translationWarning(source: string, target: string, feature: string): void
  /** A model was told that it repeats itself, or its agent was stopped. */
  loop(result: 'warned' | 'stopped'): void
  /** The firewall found something. @param action what was done about it */
  firewallFinding(detector: string, type: string, direction: string, action: string): void
  /** Blocks of code went on shorter than they came; bytes before and after. */
  compressed(blocks: number, before: number, after: number): void
  /** Placeholders of a conversation could not be read or kept, so that they may stay in answers. */
  placeholderProblem(): void
  /** A sidecar of the firewall gave no usable answer. */
  sidecarFault(sidecar: string, reason: string): void
  render(): Promise<string>
  readonly contentType: string
  /** Stops the timer behind the process metrics. */
  close(): void
}

const durationBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640]
const firstTokenBuckets = [0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 25, 50, 100, 300]
const overheadBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5]

const tokenClasses = {
  input: 'inputTokens',
  output: 'outputTokens',
  cache_read: 'cacheReadTokens',
  cache_write: 'cacheWriteTokens',
  cache_write_long: 'cacheWriteLongTokens',
  reasoning: 'reasoningTokens',
} as const satisfies Record<string, keyof TokenCounts>

/** The gateway's own metrics. Nothing is registered anywhere else; two of them do not know each other. */
export const createMetrics = (options: MetricsOptions): Metrics => {
  const { worker } = options
  const registry = createMetricRegistry(worker === undefined ? {} : { worker: String(worker) })
  const { counter, gauge, histogram } = registry
  const exchanges = counter({
    name: 'tollgate_exchanges_total',
    help: 'Exchanges that have ended.',
    labels: ['protocol', 'operation', 'provider', 'outcome'],
  })
  const byProvider = ['protocol', 'provider']
  const durations = histogram({
    name: 'tollgate_exchange_duration_seconds',
    help: 'From the request to the end of the answer.',
    labels: byProvider,
    buckets: durationBuckets,
  })
  const firstTokens = histogram({
    name: 'tollgate_time_to_first_token_seconds',
    help: 'From the request to the first byte of the answer.',
    labels: byProvider,
    buckets: firstTokenBuckets,
  })
  const overheads = histogram({
    name: 'tollgate_overhead_seconds',
    help: 'What the gateway added to an exchange.',
    buckets: overheadBuckets,
  })
  const attempts = counter({
    name: 'tollgate_upstream_attempts_total',
    help: 'Upstream calls.',
    labels: ['provider', 'status_class'],
  })
  const tokens = counter({
    name: 'tollgate_tokens_total',
    help: 'Tokens. input includes the cache classes, output includes reasoning.',
    labels: ['provider', 'class'],
  })
  const costs = counter({
    name: 'tollgate_cost_nano_usd_total',
    help: 'Cost in billionths of a US dollar.',
    labels: ['provider'],
  })
  const cacheSaved = counter({
    name: 'tollgate_prompt_cache_saved_nano_usd_total',
    help: 'What tokens read from prompt caches would have cost more as plain input, in billionths of a US dollar.',
    labels: ['provider'],
  })
  const cacheLost = counter({
    name: 'tollgate_prompt_cache_lost_nano_usd_total',
    help: 'What tokens written to prompt caches cost more than plain input, in billionths of a US dollar.',
    labels: ['provider'],
  })
  const unpriced = counter({
    name: 'tollgate_unpriced_total',
    help: 'Upstream calls whose cost is not known, for want of a price or of counters.',
    labels: ['provider'],
  })
  const violations = counter({
    name: 'tollgate_protocol_violation_total',
    help: 'Stream frames that break the rules of their protocol.',
    labels: ['protocol', 'rule'],
  })
  const circuits = counter({
    name: 'tollgate_circuit_changes_total',
    help: 'How often an upstream was left alone after failures, and how often one came back.',
    labels: ['provider', 'state'],
  })
  const hedges = counter({
    name: 'tollgate_hedges_total',
    help: 'Exchanges with a second call beside a slow one, by who answered and whether the second was quicker.',
    labels: ['provider', 'result'],
  })
  const translationWarnings = counter({
    name: 'tollgate_translation_warnings_total',
    help: 'What had no counterpart where one protocol was translated into another.',
    labels: ['source', 'target', 'feature'],
  })
  const toolLoops = counter({
    name: 'tollgate_tool_loops_total',
    help: 'Agents that repeated a tool call: how often a model was told, and how often a request was refused.',
    labels: ['result'],
  })
  const firewallFindings = counter({
    name: 'tollgate_firewall_findings_total',
    help: 'What the firewall found in requests and answers, and what was done about it.',
    labels: ['detector', 'type', 'direction', 'action'],
  })
  const compressedBlocks = counter({
    name: 'tollgate_compressed_blocks_total',
    help: 'Blocks of pasted code that went on shorter than they came.',
  })
  const compressedBytes = counter({
    name: 'tollgate_compressed_bytes_total',
    help: 'Bytes of those blocks, before and after.',
    labels: ['side'],
  })
  const placeholderProblems = counter({
    name: 'tollgate_firewall_placeholder_problems_total',
    help: 'How often placeholders of a conversation that a provider keeps could not be read or kept.',
  })
  const sidecarFaults = counter({
    name: 'tollgate_firewall_sidecar_faults_total',
    help: 'Exchanges in which a sidecar of the firewall gave no usable answer, by the reason.',
    labels: ['sidecar', 'reason'],
  })
  const restarts = counter({ name: 'tollgate_worker_restarts_total', help: 'Restarts of a crashed worker.' })
  restarts().add(options.workerRestarts ?? 0)
  const info = { version: options.version, commit: options.commit ?? '', bun: Bun.version }
  const build = gauge({
    name: 'tollgate_build_info',
    help: 'Always 1; the labels say what runs.',
    labels: Object.keys(info),
  })
  build(...Object.values(info)).set(1)

  return {
    registry,
    openExchanges: gauge({ name: 'tollgate_open_exchanges', help: 'Exchanges that run now.' })(),
    openStreams: gauge({ name: 'tollgate_open_streams', help: 'Answers that stream now.' })(),
    ledgerPending: gauge({
      name: 'tollgate_ledger_pending',
      help: 'Ledger rows that wait for their commit.',
    })(),
    ledgerSpooled: gauge({ name: 'tollgate_ledger_spooled', help: 'Ledger rows kept in the spool file.' })(),
    exchange: (sample) => {
      exchanges(sample.protocol, sample.operation, sample.provider, sample.outcome).add()
      durations(sample.protocol, sample.provider).observe(sample.durationSeconds)
      if (sample.timeToFirstTokenSeconds !== undefined) {
        firstTokens(sample.protocol, sample.provider).observe(sample.timeToFirstTokenSeconds)
      }
      if (sample.overheadSeconds !== undefined) overheads().observe(sample.overheadSeconds)
    },
    attempt: (provider, result) => attempts(provider, statusClass(result)).add(),
    tokens: (provider, counts) => {
      for (const [label, name] of Object.entries(tokenClasses)) {
        const count = counts[name]
        if (count !== undefined) tokens(provider, label).add(count)
      }
    },
    cost: (provider, nanoUsd) => costs(provider).add(nanoUsd),
    cacheMoney: (provider, { saved, lost }) => {
      if (saved > 0n) cacheSaved(provider).add(saved)
      if (lost > 0n) cacheLost(provider).add(lost)
    },
    unpriced: (provider) => unpriced(provider).add(1),
    circuit: (provider, state) => circuits(provider, state).add(),
    hedge: (provider, result) => hedges(provider, result).add(),
    violation: (protocol, rule) => violations(protocol, rule).add(),
    translationWarning: (source, target, feature) => translationWarnings(source, target, feature).add(),
    loop: (result) => toolLoops(result).add(),
    firewallFinding: (detector, type, direction, action) =>
      firewallFindings(detector, type, direction, action).add(),
    compressed(blocks, before, after) {
      compressedBlocks().add(blocks)
      compressedBytes('before').add(before)
      compressedBytes('after').add(after)
    },
    placeholderProblem: () => placeholderProblems().add(),
    sidecarFault: (sidecar, reason) => sidecarFaults(sidecar, reason).add(),
    render: registry.render,
    contentType: registry.contentType,
    close: addProcessMetrics(registry),
  }
}

const statusClass = (result: number | string): string =>
  typeof result === 'string' ? result : `${Math.floor(result / 100)}xx`
