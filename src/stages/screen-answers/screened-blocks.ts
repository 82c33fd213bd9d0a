import { GatewayError } from '../../errors.ts'
import { deltaWords } from '../../firewall/index.ts'
import { canonicalOf, type StreamEvent } from '../../ir/index.ts'
import type { StreamFramer } from '../../translation/index.ts'
import type { Machine, SseFrame } from '../../wire/index.ts'
import type { AnswerLook } from './answer-look.ts'
import type { Rewriter } from './rewritten-stream.ts'

export interface ScreenedBlocksParts {
  /** Ends the upstream call. @param outputTokens what was said so far */
  readonly cut: (outputTokens: number) => void
  readonly splitter: Machine<Uint8Array, Uint8Array>
  readonly parse: (block: Uint8Array) => SseFrame | undefined
  /** Whoever writes an array writes its brackets as well. */
  readonly isArray: boolean
  readonly framer: StreamFramer
  readonly decoder: Machine<SseFrame, StreamEvent>
  readonly encoder: Machine<StreamEvent, SseFrame>
  readonly look: AnswerLook
  /** It only looks: every byte goes on as it came. */
  readonly isWatching: boolean
  /** Nothing goes on that was not looked at. */
  readonly mustSee: boolean
  /** Every block is written anew from the first. */
  readonly isWriting: boolean
}

/**
 * Looks at the words of a provider's stream. Blocks go on as they came until the first event that is held back or
 * changed; from there on all of them are written anew, so that what the client reads is one account.
 */
export class ScreenedBlocks implements Rewriter {
  private readonly parts: ScreenedBlocksParts
  private isWriting: boolean
  private isSame = true
  private isRefused = false
  private isBlind = false
  private textBytes = 0
  isOver = false

  constructor(parts: ScreenedBlocksParts) {
    this.parts = parts
    this.isWriting = parts.isWriting
  }

  push(bytes: Uint8Array): Promise<Uint8Array> {
    return this.passAll(this.parts.splitter.push(bytes))
  }

  async end(): Promise<Uint8Array> {
    const { splitter, decoder, look, encoder, framer } = this.parts
    const rest = await this.passAll(splitter.end())
    if (this.isOver) return rest
    if (this.isBlind) {
      await look.end()
      return rest
    }
    const events = decoder.end()
    const frames = [...this.frames(events, await look.pass(events))]
    const left = await look.end()
    frames.push(...left.flatMap((event) => encoder.push(event)), ...encoder.end())
    return this.isWriting ? Buffer.concat([rest, written(frames, framer), Buffer.from(framer.end())]) : rest
  }

  private async passAll(blocks: readonly Uint8Array[]): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    for (const block of blocks) {
      if (this.isOver) break
      pieces.push(await this.pass(block))
    }
    const [only] = pieces
    return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
  }

  private async pass(block: Uint8Array): Promise<Uint8Array> {
    const { parse, decoder, framer, look } = this.parts
    const frame = parse(block)
    if (frame === undefined) {
      // Comments go on, and the brackets of an array are written by whoever writes its elements.
      return this.isWriting && this.parts.isArray ? nothing : block
    }
    if (this.isBlind) return block
    let events: readonly StreamEvent[]
    try {
      events = decoder.push(frame)
    } catch (error) {
      return this.unreadable(block, error)
    }
    const frames = this.frames(events, await look.pass(events))
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

  /** The provider does not speak its protocol. What nobody can look at goes on only where it need not be looked at. */
  private unreadable(block: Uint8Array, error: unknown): Uint8Array {
    if (!this.parts.mustSee) {
      this.isBlind = true
      return block
    }
    const { encoder, framer } = this.parts
    const frames = encoder.push({ type: 'error', error: canonicalOf(unreadableAnswer(error)) })
    this.refuse()
    return Buffer.concat([written(frames, framer), Buffer.from(framer.end())])
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
    this.parts.cut(Math.ceil(this.textBytes / bytesPerToken))
  }
}

const unreadableAnswer = (cause: unknown): GatewayError =>
  new GatewayError(
    'gateway_upstream_invalid',
    'the provider answered with something that is not its protocol, so its words cannot be looked at',
    { cause },
  )

/** A token is rarely less than two bytes of text. */
const bytesPerToken = 2

const lengthOf = (event: StreamEvent): number => Buffer.byteLength(deltaWords(event) ?? '')

const nothing = new Uint8Array(0)

const written = (frames: readonly SseFrame[], framer: StreamFramer): Uint8Array =>
  Buffer.from(frames.map((frame) => framer.frame(frame)).join(''))
