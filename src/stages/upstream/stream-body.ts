import type { CanonicalError, ProtocolId, Usage } from '../../ir/index.ts'
import {
  type BodyStream,
  BrokenStream,
  type Outcome,
  type SettleHook,
  type Watch,
} from '../../pipeline/index.ts'
import type { AnswerFacts, StreamMeter } from '../../protocols/index.ts'
import {
  countBlocks,
  type FrameSplitter,
  frameSplitter,
  isComplete,
  jsonArraySplitter,
  type Machine,
  parseElement,
  parseFrame,
} from '../../wire/index.ts'
import { estimatedTokens } from '../meter/index.ts'
import type { BreakOnDeath } from './break-on-death.ts'

export interface StreamSource {
  /** The next bytes of the upstream, undefined at its clean end. Rejects when it died. */
  read(): Promise<Uint8Array | undefined>
  /** Ends the upstream call. Idempotent. */
  abort(): void
}

export interface StreamBodyParts {
  readonly source: StreamSource
  readonly meter: StreamMeter & {
    /** The blocks that close a stream which the provider has ended; for streams that are rebuilt. */
    close?(): readonly Uint8Array[]
    /** Nothing more comes; for streams that could have gone on. */
    stop?(): void
  }
  readonly protocol: ProtocolId
  /** For rebuilt streams: has the provider said all? Else the held block tells. */
  readonly isOver?: () => boolean
  /** For rebuilt streams: was the provider stopped by us before it had told its final count? */
  readonly isCut?: () => boolean
  readonly framing: 'sse' | 'json-array'
  readonly status: number
  readonly requestBytes: number
  readonly watch: Watch
  /** Did a time limit of ours end the upstream call? */
  readonly timedOut: () => boolean
  /** This client may take an error event for a finished turn, and only a broken connection for a failure. */
  readonly breakOnDeath: BreakOnDeath
  readonly onFirstContent: () => void
  /** An id of upstream state is about to reach the client. */
  readonly onHandle: (handle: AnswerFacts['handles'][number]) => void
  /** For rebuilt streams: was it we who could not go on? */
  readonly isDefect?: () => boolean
  /** Settled, whichever way. */
  readonly onEnd: (violations: readonly string[]) => void
}

type State = 'open' | 'ending' | 'breaking' | 'over'

/** After the last block, upstreams that keep the connection open get this long before the stream is ended for them. */
export const lingerMs = 1000

/**
 * A stream on its way through: whole blocks only, metered in passing, with the last one held back until the ledger
 * has its row. It ends in one of four ways: complete, failed in the provider's own words, died (then it gets the
 * protocol's error form, never a success terminator), or left by the client.
 */
export class PassThroughStream implements BodyStream {
  private readonly parts: StreamBodyParts
  private readonly splitter: Machine<Uint8Array, Uint8Array> & Partial<FrameSplitter>
  private readonly hooks: SettleHook[] = []
  private held: Uint8Array | undefined
  private state: State = 'open'
  private settled = false
  private sent = 0
  private contentBlocks = 0
  private events = 0
  private sawContent = false
  private handlesSeen = 0

  constructor(parts: StreamBodyParts) {
    this.parts = parts
    this.splitter = parts.framing === 'sse' ? frameSplitter() : jsonArraySplitter()
  }

  /** Has its content begun, or has the upstream talked for so long that its head need not wait for it? */
  get hasBegun(): boolean {
    return this.parts.meter.hasContent || this.events >= mostEventsAhead
  }

  get hasContent(): boolean {
    return this.parts.meter.hasContent
  }

  onSettle(hook: SettleHook): void {
    this.hooks.push(hook)
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.state === 'over' || this.state === 'ending') {
        this.state = 'over'
        return undefined
      }
      if (this.state === 'breaking') {
        this.state = 'over'
        throw new BrokenStream()
      }
      let bytes: Uint8Array | undefined
      let clean = false
      try {
        const chunk = await this.read()
        if (chunk !== undefined) {
          this.parts.watch.touch()
          bytes = this.take(chunk)
        } else clean = true
      } catch {
        // The upstream broke off, or one of its events is larger than any memory should hold.
        return this.finish(false)
      }
      if (clean) return this.finish(true)
      if (bytes !== undefined) return bytes
    }
  }

  cancel(): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.parts.source.abort()
    const facts = this.parts.meter.facts()
    // What the client wanted was complete: it closed a little early, as SDKs do after the last event.
    const complete = facts.ended === 'complete'
    void this.settle(complete ? this.outcome('success', facts) : this.outcome('client_aborted', facts))
  }

  async cut(outputTokens: number): Promise<void> {
    if (this.state === 'over') return
    this.state = 'over'
    this.parts.source.abort()
    const { error: _, ...facts } = this.parts.meter.facts()
    const usage = this.estimate(facts.usage)
    await this.settle({
      result: 'success',
      status: this.parts.status,
      facts: { ...facts, usage: { ...usage, outputTokens: Math.max(usage.outputTokens ?? 0, outputTokens) } },
      usageSource: 'estimated',
      responseBytes: this.sent,
    })
  }

  /** Nothing may follow the last event of most protocols, so a connection that stays open is not waited for. */
  private async read(): Promise<Uint8Array | undefined> {
    const { held } = this
    const isOver = this.parts.isOver?.() ?? (held !== undefined && isFinal(this.parts.protocol, held))
    if (!isOver) return this.parts.source.read()
    let timer: ReturnType<typeof setTimeout> | undefined
    const linger = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.parts.source.abort()
        resolve(undefined)
      }, lingerMs)
    })
    try {
      return await Promise.race([this.parts.source.read(), linger])
    } finally {
      clearTimeout(timer)
    }
  }

  private take(chunk: Uint8Array): Uint8Array | undefined {
    const { meter } = this.parts
    const visible: Uint8Array[] = this.held === undefined ? [] : [this.held]
    this.held = undefined
    const parted = meter.skim === undefined ? undefined : this.splitter.takeRun?.(chunk)
    if (parted === undefined) {
      for (const block of this.splitter.push(chunk)) this.look(block, visible)
    } else {
      this.lookAtRun(parted.run, visible)
      this.splitter.push(parted.rest)
    }
    const flushed = meter.flush?.()
    if (flushed !== undefined) visible.push(flushed)
    if (!this.sawContent && meter.hasContent) {
      this.sawContent = true
      this.parts.onFirstContent()
    }
    const facts = meter.facts()
    while (this.handlesSeen < facts.handles.length) {
      const handle = facts.handles[this.handlesSeen++]
      if (handle !== undefined) this.parts.onHandle(handle)
    }
    if (visible.length > 0 && facts.ended !== undefined) this.held = visible.pop()
    return this.count(join(visible))
  }

  private look(block: Uint8Array, visible: Uint8Array[]): void {
    const { meter } = this.parts
    const seen = meter.push(block)
    if (block[0] !== colon) this.events++
    if (seen !== undefined) visible.push(seen)
    if (meter.hasContent) this.contentBlocks++
  }

  /** Most of a stream is content and nothing else: the meter skims over that, and looks at the blocks in between. */
  private lookAtRun(run: Buffer, visible: Uint8Array[]): void {
    const { meter } = this.parts
    const text = run.toString('latin1')
    let skims = 0
    for (let at = 0; at < run.length; ) {
      const plain = meter.hasContent && skims++ < mostSkims ? (meter.skim?.(text, at) ?? at) : at
      if (plain > at) {
        const skimmed = run.subarray(at, plain)
        const seen = meter.skimmed === undefined ? skimmed : meter.skimmed(skimmed)
        if (seen !== undefined) visible.push(seen)
        this.contentBlocks += countBlocks(text, at, plain)
        at = plain
      } else {
        const end = text.indexOf('\n\n', at) + 2
        this.look(run.subarray(at, end), visible)
        at = end
      }
    }
  }

  /** @param clean the upstream closed properly; that alone proves nothing */
  private async finish(clean: boolean): Promise<Uint8Array | undefined> {
    const { meter } = this.parts
    const tail: Uint8Array[] = this.held === undefined ? [] : [this.held]
    this.held = undefined
    for (const block of this.splitter.end()) {
      const whole =
        this.parts.framing === 'sse' ? isWholeEvent(block) : clean || parseElement(block) === undefined
      const seen = whole ? meter.push(block) : undefined
      if (seen !== undefined) tail.push(seen)
    }
    if (clean) meter.stop?.()
    if (meter.facts().ended !== undefined && meter.close !== undefined) tail.push(...meter.close())
    const facts = meter.facts()
    this.state = 'ending'
    let outcome: Outcome
    if (facts.ended === 'complete') outcome = this.outcome('success', facts)
    else if (facts.ended === 'failed') outcome = this.outcome('upstream_error', facts)
    else {
      outcome = this.outcome(this.parts.isDefect?.() === true ? 'gateway_error' : 'upstream_died', facts)
      const { breakOnDeath } = this.parts
      if (breakOnDeath === 'always' || (breakOnDeath === 'after-text' && meter.hasText))
        this.state = 'breaking'
      else {
        // A whole event that lacks its blank line must not run into the next one.
        if (tail.length > 0 && this.parts.framing === 'sse') tail.push(blankLine)
        tail.push(...meter.fail(outcome.error ?? this.death()))
      }
    }
    this.parts.source.abort()
    const bytes = this.count(join(tail))
    await this.settle({ ...outcome, responseBytes: this.sent })
    if (bytes !== undefined) return bytes
    return this.next()
  }

  private count(bytes: Uint8Array | undefined): Uint8Array | undefined {
    this.sent += bytes?.byteLength ?? 0
    return bytes
  }

  private death(): CanonicalError {
    if (this.parts.isDefect?.() === true) {
      return {
        kind: 'internal',
        code: 'gateway_internal',
        message: 'the gateway could not translate the answer, its log has the request id',
      }
    }
    return this.parts.timedOut()
      ? {
          kind: 'timeout',
          code: 'gateway_upstream_timeout',
          message: 'the provider fell silent in the middle of its answer',
        }
      : {
          kind: 'upstream',
          code: 'gateway_upstream_died',
          message: 'the provider broke the connection in the middle of its answer',
        }
  }

  private outcome(result: Outcome['result'], facts: AnswerFacts): Outcome {
    const isBroken = result === 'upstream_died' || result === 'gateway_error'
    const cut = result === 'client_aborted' || isBroken || this.parts.isCut?.() === true
    const error = isBroken ? this.death() : facts.error
    return {
      result,
      status: this.parts.status,
      ...(error === undefined ? {} : { error }),
      facts: cut ? { ...facts, usage: this.estimate(facts.usage) } : facts,
      ...(cut ? { usageSource: 'estimated' as const } : {}),
      responseBytes: this.sent,
    }
  }

  /** A cut stream has no final count: what was reported so far, and at least one token for each piece of content. */
  private estimate(usage: Usage | undefined): Usage {
    return {
      ...usage,
      inputTokens: usage?.inputTokens ?? estimatedTokens(this.parts.requestBytes),
      outputTokens: Math.max(usage?.outputTokens ?? 0, this.contentBlocks),
    }
  }

  private async settle(outcome: Outcome): Promise<void> {
    if (this.settled) return
    this.settled = true
    this.parts.watch.end()
    this.parts.onEnd(this.parts.meter.violations())
    for (const hook of this.hooks) await hook(outcome)
  }
}

/** Events without content that the head of an answer waits for. */
const mostEventsAhead = 8

/** Blocks that begin with it are comments, by which providers keep a connection alive. */
const colon = 0x3a

/** A skim searches to the end of the run, so a run in which every block says something is not skimmed for ever. */
const mostSkims = 8

const blankLine = new TextEncoder().encode('\n\n')

const join = (blocks: readonly Uint8Array[]): Uint8Array | undefined =>
  blocks.length <= 1 ? blocks[0] : Buffer.concat(blocks)

/** A last block without its blank line counts when its data is whole; half of one would spoil what follows it. */
const isWholeEvent = (block: Uint8Array): boolean => {
  const frame = parseFrame(block)
  return frame === undefined ? block.every((byte) => byte === 0x0a || byte === 0x0d) : isComplete(frame.data)
}

/** Is this the event after which the protocol allows nothing more? Gemini has none but the end of the body. */
const isFinal = (protocol: ProtocolId, block: Uint8Array): boolean => {
  switch (protocol) {
    case 'openai-chat':
      return Buffer.from(block.buffer, block.byteOffset, block.byteLength).includes('[DONE]')
    case 'gemini':
      return false
    default:
      return true
  }
}
