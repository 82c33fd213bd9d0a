import type { BodyStream, Outcome, SettleHook } from '../../pipeline/index.ts'
import { frameSplitter, type Machine } from '../../wire/index.ts'

/** A stream of server-sent events whose blocks a machine writes anew. What it holds back goes out with the last piece. */
export class MappedStream implements BodyStream {
  private readonly inner: BodyStream
  private readonly machine: Machine<Uint8Array, Uint8Array>
  private readonly splitter = frameSplitter()
  private readonly hooks: SettleHook[] = []
  private outcome: Outcome | undefined
  private isReading = false
  private isOver = false

  constructor(inner: BodyStream, machine: Machine<Uint8Array, Uint8Array>) {
    this.inner = inner
    this.machine = machine
    inner.onSettle((outcome) => {
      this.outcome = outcome
      return this.isReading ? undefined : this.settle()
    })
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.isOver) return undefined
      this.isReading = true
      try {
        const bytes = await this.inner.next()
        const blocks = bytes === undefined ? [] : this.map(this.splitter.push(bytes))
        // The piece that came with the outcome is the last.
        this.isOver ||= bytes === undefined || this.outcome !== undefined
        if (this.isOver) blocks.push(...this.map(this.splitter.end()), ...this.machine.end())
        if (blocks.length > 0) return Buffer.concat(blocks)
      } finally {
        this.isReading = false
        if (this.outcome !== undefined) await this.settle()
      }
    }
  }

  cancel(): void {
    this.isOver = true
    this.inner.cancel()
  }

  async cut(outputTokens: number): Promise<void> {
    this.isOver = true
    await this.inner.cut?.(outputTokens)
  }

  onSettle(hook: SettleHook): void {
    this.hooks.push(hook)
  }

  private map(blocks: readonly Uint8Array[]): Uint8Array[] {
    return blocks.flatMap((block) => [...this.machine.push(block)])
  }

  /** Of the stages around this one, in the order in which they came. */
  private async settle(): Promise<void> {
    const { outcome } = this
    if (outcome === undefined) return
    for (const hook of this.hooks.splice(0)) await hook(outcome)
  }
}
