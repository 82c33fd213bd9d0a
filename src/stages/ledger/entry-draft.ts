import type { CacheMoney } from '../../catalog/index.ts'
import type { Found } from '../../firewall/index.ts'
import type { Warning } from '../../ir/index.ts'
import type { AttemptRow, CacheNote, Compression, EntryCacheBreak } from '../../ledger/index.ts'
import type { HandleKind } from '../../protocols/index.ts'
import type { HandleRow } from '../../sessions/index.ts'

/**
 * What the stages learn about an exchange while it runs; the ledger stage writes it down once, at the end.
 * One mutable object instead of a growing immutable one: it is the hot path's notebook.
 */
export class EntryDraft {
  modelAsked: string | null = null
  session: string | null = null
  streamed = false
  requestBytes = 0
  provider: string | null = null
  credential: string | null = null
  upstreamProtocol: string | null = null
  ttftMs: number | null = null
  /** Number of the upstream call whose words the client got, where that is not the last. */
  answeredBy: number | undefined
  warnings: Warning[] = []
  /** What the compressor made of the blocks that it changed; undefined where it changed none. */
  compression: Compression | undefined
  /** The provider read less of the conversation than it had kept. */
  promptCacheBreak: EntryCacheBreak | null = null
  /** What the firewall found, in the request and in answers. */
  readonly found: Found[]
  /** What the cache did; null where it is off. */
  cache: CacheNote | null = null
  /** What it would have cost to ask a provider for what the cache knew. */
  cacheSavedNanoUsd: bigint | null = null
  /** Of the key, then those that the request names. */
  readonly tags: readonly string[]
  private readonly shared: Shared
  private readonly remember: (handle: IssuedHandle) => HandleRow

  /** @param remember makes a handle usable at once; its row is written at the end */
  constructor(
    remember: (handle: IssuedHandle) => HandleRow,
    tags: readonly string[] = [],
    shared: Shared = newShared(),
  ) {
    this.remember = remember
    this.tags = tags
    this.shared = shared
    this.found = shared.found
  }

  /** Durable `opened` row written, so the upstream may have been reached. */
  get opened(): boolean {
    return this.shared.opened
  }

  set opened(opened: boolean) {
    this.shared.opened = opened
  }

  /** One row for each upstream call that is over. */
  get attempts(): AttemptRow[] {
    return this.shared.attempts
  }

  /**
   * What the exchange can come to: what its calls cost that are over, and the bounds of those that run.
   * @param bound of the call with this number
   */
  bound(number: number, bound: Bound): Bound {
    this.shared.bounds.set(number, bound)
    let total: Bound = { cost: 0n, inputTokens: 0, outputTokens: 0 }
    for (const [call, most] of this.shared.bounds) {
      const row = this.attempts.find((attempt) => attempt.number === call)
      total = addBounds(total, row === undefined ? most : boundOfRow(row, most))
    }
    return total
  }

  /** Runs a hook as soon as the exchange's row is durable: at once where it is. */
  afterClose(hook: () => void): void {
    if (this.shared.isDurable) hook()
    else this.shared.hooks.push(hook)
  }

  /** The exchange's row is written: nothing is opened any more. */
  get closed(): boolean {
    return this.shared.isClosed
  }

  /** @param durable resolves when the row is */
  close(durable: Promise<void>): Promise<void> {
    this.shared.isClosed = true
    return durable.then(() => {
      this.shared.isDurable = true
      for (const hook of this.shared.hooks.splice(0)) hook()
    })
  }

  /**
   * For one of two calls that run at the same time: its rows and handles are this exchange's, what else it learns is
   * its own until it is adopted.
   */
  fork(): EntryDraft {
    const fork = new EntryDraft(this.remember, this.tags, this.shared)
    fork.modelAsked = this.modelAsked
    fork.session = this.session
    fork.streamed = this.streamed
    fork.requestBytes = this.requestBytes
    fork.warnings = [...this.warnings]
    return fork
  }

  /** The client gets this call's answer. What it is warned of later counts as well. */
  adopt({ provider, credential, upstreamProtocol, ttftMs, warnings, promptCacheBreak }: EntryDraft): void {
    this.provider = provider
    this.credential = credential
    this.upstreamProtocol = upstreamProtocol
    this.ttftMs = ttftMs
    this.warnings = warnings
    this.promptCacheBreak = promptCacheBreak
  }

  /** Nano-USD of all calls so far: unknown as soon as one is unknown, nothing where nothing was tried. */
  get costNanoUsd(): bigint | null {
    let total = 0n
    for (const attempt of this.attempts) {
      if (attempt.costNanoUsd === null) return null
      total += attempt.costNanoUsd
    }
    return total
  }

  /** What all calls together saved and lost by their providers' caches, as far as their prices are known. */
  get cacheMoney(): CacheMoney | null {
    let total: CacheMoney | null = null
    for (const { cacheMoney } of this.attempts) {
      if (cacheMoney == null) continue
      const { saved, lost } = cacheMoney
      total = total === null ? cacheMoney : { saved: total.saved + saved, lost: total.lost + lost }
    }
    return total
  }

  /** The client has seen this id, perhaps in the first frame of a long answer, and may use it from now on. */
  issue(handle: IssuedHandle): void {
    const { issued, issueHooks } = this.shared
    if (issued.has(handle.id)) return
    issued.set(handle.id, this.remember(handle))
    for (const hook of issueHooks) hook(handle)
  }

  /** Runs a hook with every id of upstream state, just before the client sees it. */
  whenIssued(hook: (handle: IssuedHandle) => void): void {
    this.shared.issueHooks.push(hook)
  }

  get handles(): readonly HandleRow[] {
    return [...this.shared.issued.values()]
  }
}

interface Shared {
  opened: boolean
  readonly attempts: AttemptRow[]
  readonly issued: Map<string, HandleRow>
  readonly issueHooks: ((handle: IssuedHandle) => void)[]
  readonly bounds: Map<number, Bound>
  isClosed: boolean
  isDurable: boolean
  readonly hooks: (() => void)[]
  readonly found: Found[]
}

const newShared = (): Shared => ({
  opened: false,
  attempts: [],
  issued: new Map(),
  issueHooks: [],
  bounds: new Map(),
  isClosed: false,
  isDurable: false,
  hooks: [],
  found: [],
})

/** The most that calls can come to. */
export interface Bound {
  /** Nano-USD; null where nobody knows. */
  readonly cost: bigint | null
  readonly inputTokens: number
  /** Undefined where nobody knows. */
  readonly outputTokens: number | undefined
}

/** Of both together. */
export const addBounds = (a: Bound, b: Bound): Bound => ({
  cost: a.cost === null || b.cost === null ? null : a.cost + b.cost,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens:
    a.outputTokens === undefined || b.outputTokens === undefined
      ? undefined
      : a.outputTokens + b.outputTokens,
})

/** Of a call that is over. */
const boundOfRow = ({ costNanoUsd, usage }: AttemptRow, most: Bound): Bound => {
  const cost = costNanoUsd ?? most.cost
  if (usage === null) return cost === 0n ? { cost, inputTokens: 0, outputTokens: 0 } : { ...most, cost }
  return { cost, inputTokens: usage.inputTokens ?? 0, outputTokens: usage.outputTokens ?? 0 }
}

/** An id of upstream state that went out with this answer. */
export interface IssuedHandle {
  readonly kind: HandleKind
  readonly id: string
  readonly provider: string
  readonly credential: string
}
