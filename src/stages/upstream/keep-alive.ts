import type { ProtocolId } from '../../ir/index.ts'
import type { BodyStream, SettleHook, Watch, Watchdog } from '../../pipeline/index.ts'

export interface KeepAliveParts {
  readonly client: ProtocolId
  readonly watchdog: Watchdog
}

/** Silence after which a stream gives a sign of life, in milliseconds: proxies give up after 15 s or more. */
const interval = 12_000

/**
 * Says something harmless while a model thinks, so that no proxy in between takes the connection for dead
 * (translation.md §14.4, ST13). Pieces are whole events, so anything may stand between two of them.
 */
export const keptAlive = (inner: BodyStream, parts: KeepAliveParts): BodyStream => new KeptAlive(inner, parts)

class KeptAlive implements BodyStream {
  private readonly inner: BodyStream
  private readonly parts: KeepAliveParts
  private watch: Watch | undefined
  private hasSent = false
  private isOver = false
  /** The piece that the client has not got yet. */
  private pending: Promise<Uint8Array | undefined> | undefined
  /** Answers the waiting client in place of the piece; set while somebody waits. */
  private interrupt: (() => void) | undefined

  constructor(inner: BodyStream, parts: KeepAliveParts) {
    this.inner = inner
    this.parts = parts
    inner.onSettle(() => this.stop())
  }

  next(): Promise<Uint8Array | undefined> {
    if (this.watch === undefined) this.arm()
    else this.watch.touch()
    this.pending ??= this.inner.next()
    const piece = this.pending
    return new Promise((resolve, reject) => {
      let isWaiting = true
      this.interrupt = () => {
        if (!isWaiting) return
        isWaiting = false
        resolve(this.sign())
      }
      piece.then(
        (bytes) => {
          if (!isWaiting) return
          isWaiting = false
          this.pending = undefined
          this.hasSent = true
          resolve(bytes)
        },
        (error: unknown) => {
          isWaiting = false
          this.stop()
          reject(error)
        },
      )
    })
  }

  cancel(): void {
    this.stop()
    this.inner.cancel()
  }

  async cut(outputTokens: number): Promise<void> {
    this.stop()
    await this.inner.cut?.(outputTokens)
  }

  onSettle(hook: SettleHook): void {
    this.inner.onSettle(hook)
  }

  private arm(): void {
    if (this.isOver) return
    this.watch = this.parts.watchdog.watch(interval, () => {
      this.interrupt?.()
      this.arm()
    })
  }

  private stop(): void {
    this.isOver = true
    this.watch?.end()
    this.interrupt = undefined
  }

  /** Anthropic's own sign of life is an event, which must not come before the first one. */
  private sign(): Uint8Array {
    return this.parts.client === 'anthropic-messages' && this.hasSent ? ping : comment
  }
}

const encoder = new TextEncoder()
const comment = encoder.encode(': keep-alive\n\n')
const ping = encoder.encode('event: ping\ndata: {"type":"ping"}\n\n')
