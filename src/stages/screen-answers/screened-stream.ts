import type { AnswerGate } from '../../firewall/index.ts'
import type { StreamEvent } from '../../ir/index.ts'
import type { BodyStream, Outcome, SettleHook } from '../../pipeline/index.ts'
import { formatFrame, type Machine, type SseFrame } from '../../wire/index.ts'

export interface ScreenedStreamParts {
  /** Of the client's own protocol. */
  readonly inner: BodyStream
  readonly splitter: Machine<Uint8Array, Uint8Array>
  readonly parse: (block: Uint8Array) => SseFrame | undefined
  readonly framer: Framer
  readonly decoder: Machine<SseFrame, StreamEvent>
  readonly encoder: Machine<StreamEvent, SseFrame>
  readonly chain: Machine<StreamEvent, StreamEvent>
  /** Behind the chain. With one, a read is over when all that is held has been judged. */
  readonly gate: AnswerGate | undefined
  /** The chain only looks: every byte goes on as it came. */
  readonly isWatching: boolean
}

/** How frames are written. */
export interface Framer {
  /** A block of the provider's goes on as it came. */
  passed(): void
  frame(frame: SseFrame): string
  /** Behind the last frame. */
  end(): string
}

export const sseFramer: Framer = { passed: () => undefined, frame: formatFrame, end: () => '' }

/** Gemini without `alt=sse`: one JSON array, an element per event. */
export const arrayFramer = (): Framer => {
  let isOpen = false
  return {
    passed() {
      isOpen = true
    },
    frame({ data }) {
      const text = `${isOpen ? ',\r\n' : '['}${data}`
      isOpen = true
      return text
    },
    end: () => (isOpen ? ']' : '[]'),
  }
}

/**
 * A provider's stream whose words are looked at. Blocks go on as they came until the first event that is held back or
 * changed; from there on all of them are written anew, so that what the client reads is one account.
 */
export class ScreenedStream implements BodyStream {
  private readonly parts: ScreenedStreamParts
  private readonly hooks: SettleHook[] = []
  private outcome: Outcome | undefined
  private isReading = false
  private isWriting = false
  private isOver = false
  private isSame = true
  private isRefused = false
  private textBytes = 0

  constructor(parts: ScreenedStreamParts) {
    this.parts = parts
    parts.inner.onSettle((outcome) => {
      this.outcome = outcome
      // What the last piece says is looked at before anybody counts the answer as over.
      return this.isReading ? undefined : this.settle()
    })
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.isOver) return undefined
      this.isReading = true
      try {
        const bytes = await this.parts.inner.next()
        const said = bytes === undefined ? nothing : await this.read(bytes)
        // The piece that came with the outcome is the last.
        const isLast = bytes === undefined || this.outcome !== undefined
        const all = isLast && !this.isOver ? Buffer.concat([said, await this.last()]) : said
        this.isOver ||= isLast
        if (all.byteLength > 0) return all
      } finally {
        this.isReading = false
        if (this.outcome !== undefined) await this.settle()
      }
    }
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
    this.hooks.push(hook)
  }

  /** Of the stages around this one, in the order in which they came. */
  private async settle(): Promise<void> {
    const { outcome } = this
    if (outcome === undefined) return
    for (const hook of this.hooks.splice(0)) await hook(outcome)
  }

  private read(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const { splitter, gate } = this.parts
    const blocks = splitter.push(bytes)
    return gate === undefined ? this.passAll(blocks) : this.judgeAll(blocks, gate)
  }

  private passAll(blocks: readonly Uint8Array[]): Uint8Array {
    const pieces: Uint8Array[] = []
    for (const block of blocks) {
      if (this.isRefused) break
      const events = this.decode(block)
      pieces.push(
        events === undefined ? this.passOther(block) : this.say(block, events, this.chained(events)),
      )
    }
    return joined(pieces)
  }

  private async judgeAll(blocks: readonly Uint8Array[], gate: AnswerGate): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    for (const block of blocks) {
      if (this.isRefused) break
      const events = this.decode(block)
      const said = events === undefined ? [] : await gate.pass(this.chained(events))
      pieces.push(events === undefined ? this.passOther(block) : this.say(block, events, said))
    }
    return joined(pieces)
  }

  private decode(block: Uint8Array): readonly StreamEvent[] | undefined {
    const frame = this.parts.parse(block)
    return frame === undefined ? undefined : this.parts.decoder.push(frame)
  }

  /** Comments go on, and the brackets of an array are written by whoever writes its elements. */
  private passOther(block: Uint8Array): Uint8Array {
    return this.isWriting && this.parts.framer !== sseFramer ? nothing : block
  }

  private chained(events: readonly StreamEvent[]): readonly StreamEvent[] {
    const { chain } = this.parts
    return events.flatMap((event) => chain.push(event).filter((one) => one === event || !isEmpty(one)))
  }

  /** @param said what became of a block's events */
  private say(block: Uint8Array, events: readonly StreamEvent[], said: readonly StreamEvent[]): Uint8Array {
    const { framer } = this.parts
    const frames = this.frames(events, said)
    if (this.parts.isWatching) return block
    if (this.isRefused) {
      this.refuse()
      return Buffer.concat([written(frames, framer), Buffer.from(framer.end())])
    }
    // A decoder that says nothing of a block yet says it later, and only then can it be looked at.
    if (!this.isWriting && this.isSame && events.length > 0) {
      framer.passed()
      return block
    }
    this.isWriting = true
    return written(frames, framer)
  }

  /** What the client is to hear of these events; sets `isSame` and `isRefused`. */
  private frames(events: readonly StreamEvent[], said: readonly StreamEvent[]): readonly SseFrame[] {
    const { encoder } = this.parts
    this.isSame = said.length === events.length && said.every((event, at) => event === events[at])
    this.isRefused ||= said.some((event) => event.type === 'error' && !events.includes(event))
    for (const event of events) this.textBytes += lengthOf(event)
    // Notes of how a block was written hold its words: they say nothing of one that says something else.
    const worded = this.isSame ? said : said.filter(({ type }) => type !== 'extension')
    return worded.flatMap((event) => encoder.push(event))
  }

  /** Nothing more is asked of the provider: what it said is paid for. */
  private refuse(): void {
    this.isOver = true
    void this.parts.inner.cut?.(Math.ceil(this.textBytes / bytesPerToken))
  }

  private async last(): Promise<Uint8Array> {
    const { splitter, decoder, chain, gate, encoder, framer } = this.parts
    const blocks = splitter.end()
    const rest = gate === undefined ? this.passAll(blocks) : await this.judgeAll(blocks, gate)
    const events = decoder.end()
    const left = this.chained(events)
    const frames = [...this.frames(events, gate === undefined ? left : await gate.pass(left))]
    const ended = chain.end()
    const said = gate === undefined ? ended : [...(await gate.pass(ended)), ...(await gate.end())]
    frames.push(...said.flatMap((event) => encoder.push(event)), ...encoder.end())
    return this.isWriting ? Buffer.concat([rest, written(frames, framer), Buffer.from(framer.end())]) : rest
  }
}

/** A token is rarely less than two bytes of text. */
const bytesPerToken = 2

/** All of its words are held back. */
const isEmpty = (event: StreamEvent): boolean => event.type.endsWith('-delta') && lengthOf(event) === 0

const lengthOf = (event: StreamEvent): number => {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta':
      return Buffer.byteLength(event.text)
    case 'tool-call-delta':
      return Buffer.byteLength(event.input)
    default:
      return 0
  }
}

const nothing = new Uint8Array(0)

const joined = (pieces: readonly Uint8Array[]): Uint8Array => {
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}

const written = (frames: readonly SseFrame[], framer: Framer): Uint8Array =>
  Buffer.from(frames.map((frame) => framer.frame(frame)).join(''))
