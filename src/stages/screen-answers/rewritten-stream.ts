import type { BodyStream, Outcome, SettleHook } from '../../pipeline/index.ts'

/** What becomes of the pieces of a stream. */
export interface Rewriter {
  push(bytes: Uint8Array): Promise<Uint8Array>
  /** Behind the last piece: what was held, and what closes the stream. */
  end(): Promise<Uint8Array>
  /** It has ended the stream itself: nothing more is read. */
  readonly isOver: boolean
}

/**
 * A stream whose pieces are rewritten, and may be held back. What the last one says is written before anybody counts
 * the answer as over.
 */
export class RewrittenStream implements BodyStream {
  private readonly inner: BodyStream
  private readonly rewriter: Rewriter
  private readonly hooks: SettleHook[] = []
  private outcome: Outcome | undefined
  private isReading = false
  private isEnded = false

  constructor(inner: BodyStream, rewriter: Rewriter) {
    this.inner = inner
    this.rewriter = rewriter
    inner.onSettle((outcome) => {
      this.outcome = outcome
      return this.isReading ? undefined : this.settle()
    })
  }

  async next(): Promise<Uint8Array | undefined> {
    while (!this.isOver) {
      this.isReading = true
      try {
        const piece = await this.read()
        if (piece.byteLength > 0) return piece
      } finally {
        this.isReading = false
        if (this.outcome !== undefined) await this.settle()
      }
    }
    return undefined
  }

  cancel(): void {
    this.isEnded = true
    this.inner.cancel()
  }

  async cut(outputTokens: number): Promise<void> {
    this.isEnded = true
    await this.inner.cut?.(outputTokens)
  }

  onSettle(hook: SettleHook): void {
    this.hooks.push(hook)
  }

  private get isOver(): boolean {
    return this.isEnded || this.rewriter.isOver
  }

  /** One piece; with the outcome, all that is left. */
  private async read(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    do {
      const bytes = await this.inner.next()
      if (bytes !== undefined) pieces.push(await this.rewriter.push(bytes))
      if (bytes === undefined) break
      // Behind the outcome comes only what was read already, such as the head of an answer that says nothing.
    } while (this.outcome !== undefined && !this.isOver)
    const isLast = this.outcome !== undefined || pieces.length === 0
    if (isLast && !this.isOver) {
      this.isEnded = true
      pieces.push(await this.rewriter.end())
    }
    const [only] = pieces
    return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
  }

  /** Of the stages around this one, in the order in which they came. */
  private async settle(): Promise<void> {
    const { outcome } = this
    if (outcome === undefined) return
    for (const hook of this.hooks.splice(0)) await hook(outcome)
  }
}
