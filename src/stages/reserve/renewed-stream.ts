import type { StreamEvent } from '../../ir/index.ts'
import type { BodyStream, SettleHook } from '../../pipeline/index.ts'
import { formatFrame, frameSplitter, type Machine, parseFrame, type SseFrame } from '../../wire/index.ts'

export interface RenewedStreamParts {
  readonly inner: BodyStream
  /** Of the client's protocol: what it reads is what goes out. */
  readonly decoder: Machine<SseFrame, StreamEvent>
  readonly encoder: Machine<StreamEvent, SseFrame>
  /** Output tokens that are held at first. */
  readonly heldTokens: number
  /** Holds more. Resolves to how many tokens more; 0 where no budget has room. */
  readonly extend: () => Promise<number>
}

/** A token is rarely less than two bytes of text, and providers send at least one a piece. */
const bytesPerToken = 2

/**
 * A stream that may go on only while its budgets have room: the next slice is held before the last one is used up.
 * When nothing more fits, the answer ends as if its limit had been reached. Its events are read on their way, so that
 * what is open can be closed in the client's protocol.
 */
export class RenewedStream implements BodyStream {
  private readonly parts: RenewedStreamParts
  private readonly splitter = frameSplitter()
  private readonly open = new Map<string, StreamEvent>()
  private held: number
  private pieces = 0
  private textBytes = 0
  private reported = 0
  private isOver = false

  constructor(parts: RenewedStreamParts) {
    this.parts = parts
    this.held = parts.heldTokens
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.isOver) return undefined
    const bytes = await this.parts.inner.next()
    if (bytes === undefined) return undefined
    const paid: Uint8Array[] = []
    for (const block of this.splitter.push(bytes)) {
      this.see(block)
      paid.push(block)
      // A read may bring more than a slice: what lies behind the end is not given out.
      while (!this.isOver && this.tokens() >= this.held) {
        const more = await this.parts.extend()
        if (more === 0) return this.endAtLimit(paid)
        this.held += more
      }
    }
    return bytes
  }

  cancel(): void {
    this.isOver = true
    this.parts.inner.cancel()
  }

  async cut(outputTokens: number): Promise<void> {
    this.isOver = true
    await this.parts.inner.cut?.(outputTokens)
  }

  onSettle(hook: SettleHook): void {
    this.parts.inner.onSettle(hook)
  }

  private see(block: Uint8Array): void {
    const frame = parseFrame(block)
    if (frame === undefined) return
    for (const event of this.parts.decoder.push(frame)) {
      this.note(event)
      this.parts.encoder.push(event)
    }
  }

  private note(event: StreamEvent): void {
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
      case 'reasoning-delta':
        this.count(event.text)
        return
      case 'tool-call-delta':
        this.count(event.input)
        return
      case 'text-start':
      case 'refusal-start':
      case 'reasoning-start':
      case 'tool-call-start':
        this.open.set(placeOf(event), event)
        return
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        this.open.delete(placeOf(event))
        return
      case 'usage':
        this.reported = Math.max(this.reported, event.usage.outputTokens ?? 0)
        return
      case 'finish':
      case 'end':
      case 'error':
        // The provider has said all: nothing more is spent.
        this.held = Number.POSITIVE_INFINITY
    }
  }

  private count(text: string): void {
    this.pieces++
    this.textBytes += Buffer.byteLength(text)
  }

  private tokens(): number {
    return Math.max(this.pieces, Math.ceil(this.textBytes / bytesPerToken), this.reported)
  }

  /** Everything open is closed, as when a model reaches its limit. @param paid what came until now */
  private async endAtLimit(paid: readonly Uint8Array[]): Promise<Uint8Array> {
    const tokens = this.tokens()
    await this.cut(tokens)
    const events: readonly StreamEvent[] = [
      ...[...this.open.values()].flatMap(endOf),
      { type: 'usage', usage: { outputTokens: tokens } },
      { type: 'finish', finish: { reason: 'length' } },
      { type: 'end' },
    ]
    const frames = [...events.flatMap((event) => this.parts.encoder.push(event)), ...this.parts.encoder.end()]
    return Buffer.concat([...paid, Buffer.from(frames.map(formatFrame).join(''))])
  }
}

const placeOf = ({ choice, index }: { readonly choice?: number; readonly index: number }): string =>
  `${choice ?? 0}/${index}`

const endOf = (event: StreamEvent): readonly StreamEvent[] => {
  switch (event.type) {
    case 'text-start':
    case 'refusal-start':
    case 'reasoning-start':
    case 'tool-call-start': {
      const { choice, index } = event
      return [{ type: ends[event.type], index, ...(choice === undefined ? {} : { choice }) }]
    }
    default:
      return []
  }
}

const ends = {
  'text-start': 'text-end',
  'refusal-start': 'refusal-end',
  'reasoning-start': 'reasoning-end',
  'tool-call-start': 'tool-call-end',
} as const
