import type { BodyStream, Outcome, SettleHook } from '../../pipeline/index.ts'

/** How long the head of an answer waits for its first content, in milliseconds. */
export const headPatience = 10_000

export interface Primed {
  readonly body: BodyStream
  /** How the stream ended, if it did so before it had begun. */
  readonly outcome: Outcome | undefined
}

/**
 * Reads a stream's first pieces before its head goes out, so that a failure at its very start still has an HTTP
 * status of its own. Gives up waiting after `patience` milliseconds: a model may think for minutes.
 */
export const prime = async (
  inner: BodyStream,
  hasBegun: () => boolean,
  patience: number,
): Promise<Primed> => {
  const body = new PrimedStream(inner)
  let timer: ReturnType<typeof setTimeout> | undefined
  const enough = new Promise<'enough'>((resolve) => {
    timer = setTimeout(() => resolve('enough'), patience)
  })
  try {
    while (!hasBegun() && body.outcome === undefined) {
      if ((await Promise.race([body.readAhead(), enough])) === 'enough') break
    }
  } finally {
    clearTimeout(timer)
  }
  return { body, outcome: hasBegun() ? undefined : body.outcome }
}

class PrimedStream implements BodyStream {
  /** Set when the stream settled while it was read ahead; its hooks then wait for the first `next`. */
  outcome: Outcome | undefined
  private readonly inner: BodyStream
  private readonly pieces: (Uint8Array | undefined)[] = []
  private readonly hooks: SettleHook[] = []
  private pending: Promise<void> | undefined
  private isOpen = false
  /** What was read ahead is gone, so nothing stands between the reader and the stream any more. */
  private isDrained = false
  private hasTold = false

  constructor(inner: BodyStream) {
    this.inner = inner
    inner.onSettle((outcome) => {
      this.outcome = outcome
      return this.isOpen ? this.tell() : undefined
    })
  }

  async readAhead(): Promise<void> {
    this.pending ??= this.inner.next().then((piece) => {
      this.pieces.push(piece)
      this.pending = undefined
    })
    try {
      await this.pending
    } catch (error) {
      // A stream that is over and breaks off on purpose does so when its reader gets there.
      if (this.outcome === undefined) throw error
    }
  }

  onSettle(hook: SettleHook): void {
    this.hooks.push(hook)
  }

  next(): Promise<Uint8Array | undefined> {
    return this.isDrained ? this.inner.next() : this.nextAhead()
  }

  private async nextAhead(): Promise<Uint8Array | undefined> {
    this.isOpen = true
    if (this.outcome !== undefined) await this.tell()
    if (this.pending !== undefined) await this.pending
    if (this.pieces.length > 0) return this.pieces.shift()
    this.isDrained = true
    return this.inner.next()
  }

  cancel(): void {
    this.isOpen = true
    this.pieces.length = 0
    this.inner.cancel()
    if (this.outcome !== undefined) void this.tell()
  }

  async cut(outputTokens: number): Promise<void> {
    this.isOpen = true
    this.pieces.length = 0
    await this.inner.cut?.(outputTokens)
    if (this.outcome !== undefined) await this.tell()
  }

  private async tell(): Promise<void> {
    if (this.hasTold || this.outcome === undefined) return
    this.hasTold = true
    for (const hook of this.hooks) await hook(this.outcome)
  }
}
