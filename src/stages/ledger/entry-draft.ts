import type { Warning } from '../../ir/index.ts'
import type { AttemptRow } from '../../ledger/index.ts'
import type { HandleKind } from '../../protocols/index.ts'
import type { HandleRow } from '../../sessions/index.ts'

/**
 * What the stages learn about an exchange while it runs; the ledger stage writes it down once, at the end.
 * One mutable object instead of a growing immutable one: it is the hot path's notebook.
 */
export class EntryDraft {
  modelAsked: string | null = null
  session: string | null = null
  /** What the exchange is marked with, for budgets and reports. */
  tags: readonly string[] = []
  streamed = false
  requestBytes = 0
  provider: string | null = null
  credential: string | null = null
  upstreamProtocol: string | null = null
  /** Durable `opened` row written, so the upstream may have been reached. */
  opened = false
  ttftMs: number | null = null
  /** Number of the upstream call whose words the client got, where that is not the last. */
  answeredBy: number | undefined
  readonly attempts: AttemptRow[] = []
  readonly warnings: Warning[] = []
  private readonly issued = new Map<string, HandleRow>()
  private readonly remember: (handle: IssuedHandle) => HandleRow

  /** @param remember makes a handle usable at once; its row is written at the end */
  constructor(remember: (handle: IssuedHandle) => HandleRow) {
    this.remember = remember
  }

  /** The client has seen this id, perhaps in the first frame of a long answer, and may use it from now on. */
  issue(handle: IssuedHandle): void {
    if (!this.issued.has(handle.id)) this.issued.set(handle.id, this.remember(handle))
  }

  get handles(): readonly HandleRow[] {
    return [...this.issued.values()]
  }
}

/** An id of upstream state that went out with this answer. */
export interface IssuedHandle {
  readonly kind: HandleKind
  readonly id: string
  readonly provider: string
  readonly credential: string
}
