import type { CanonicalError, GenerateResponse, StreamEvent } from '../ir/index.ts'
import type { GenerateCodec, ReplyContext } from '../protocols/index.ts'
import { parseFrame, parseRun, type SseFrame } from '../wire/index.ts'
import { eventChain } from './event-chain.ts'
import { type Delta, isDelta, joinDeltas } from './join-deltas.ts'
import type { JoinedAnswers } from './joined-answers.ts'
import { arrayFramer, sseFramer } from './stream-framer.ts'
import type { StreamFraming } from './stream-framing.ts'
import type { TranslatedRequest } from './translate-request.ts'

export interface StreamTranslationParts {
  readonly upstream: Pick<GenerateCodec, 'streamDecoder'>
  readonly client: Pick<GenerateCodec, 'streamEncoder' | 'conform'>
  readonly translation: Pick<TranslatedRequest, 'answerMachines'>
  readonly reply: ReplyContext
  /** How the client wants its stream cut; providers are asked for server-sent events. */
  readonly framing: StreamFraming
  /** Hold what goes out against the client's grammar. */
  readonly conform: boolean
  /** Where the provider may pause its answer: the calls that make it one. */
  readonly joined?: JoinedAnswers | undefined
}

/** Blocks of the provider's stream to bytes for the client: one loop through decoder, passes and encoder. */
export interface StreamTranslator {
  /** @returns bytes for the client; undefined where this block adds nothing, or nothing yet */
  push(block: Uint8Array): Uint8Array | undefined
  /** The same for whole blocks with plain line ends. */
  pushRun(run: Uint8Array): Uint8Array | undefined
  /** The last words of a read: deltas of one part that came together go out together. */
  flush(): Uint8Array | undefined
  /** The provider's stream is over: what was held back, and what closes the client's. */
  end(): Uint8Array | undefined
  /** Ends the client's stream with its error form, never with a success terminator. */
  fail(error: CanonicalError): Uint8Array | undefined
  /** Something of the answer but its head was seen. */
  readonly hasBegun: boolean
  /** The provider's own end of the answer was seen. */
  readonly hasEnded: boolean
  /** A pass ended the answer before the provider did, which may be told to stop. */
  readonly isCut: boolean
  /** What a pass made of an answer that was none to the provider, or why a paused answer does not go on. */
  readonly ownError: CanonicalError | undefined
  /** The provider waits to be asked to go on. */
  readonly isPaused: boolean
  /** What it has said until it paused. */
  soFar(): GenerateResponse | undefined
  /** The blocks to come are those of the next call. */
  resume(): void
  /** A paused answer ends as it stands. */
  stop(): void
  /** A paused answer cannot go on: `end` says why. */
  giveUp(error: CanonicalError): void
  /** Rules of the client's grammar that went out broken. */
  readonly violations: ReadonlySet<string>
}

export const translateStream = (parts: StreamTranslationParts): StreamTranslator => {
  const { joined } = parts
  let decoder = parts.upstream.streamDecoder()
  const chain = eventChain(parts.translation.answerMachines())
  const encoder = parts.client.streamEncoder(parts.reply)
  const framer = parts.framing === 'sse' ? sseFramer() : arrayFramer()
  const conform = parts.conform ? parts.client.conform() : undefined
  const violations = new Set<string>()
  let hasBegun = false
  let hasEnded = false
  let hasSaidEnd = false
  let isClosed = false
  let ownError: CanonicalError | undefined
  let givenUp: CanonicalError | undefined
  let joining: Delta | undefined

  const written = (frames: readonly SseFrame[]): string => {
    let text = ''
    for (const frame of frames) {
      text += framer.frame(frame)
      if (conform !== undefined) for (const rule of conform.push(frame)) violations.add(rule)
    }
    return text
  }
  const encoded = (events: readonly StreamEvent[]): string => {
    let text = ''
    for (const event of events) {
      const both = joining === undefined ? undefined : joinDeltas(joining, event)
      if (both !== undefined) {
        joining = both
        continue
      }
      text += joinedSoFar()
      if (isDelta(event)) {
        joining = event
        continue
      }
      hasSaidEnd ||= event.type === 'end'
      text += written(encoder.push(event))
    }
    return text
  }
  const joinedSoFar = (): string => {
    const event = joining
    if (event === undefined) return ''
    joining = undefined
    return written(encoder.push(event))
  }
  const decoded = (events: readonly StreamEvent[]): string =>
    joined === undefined ? said(events) : said(events.flatMap((event) => joined.push(event)))
  const said = (events: readonly StreamEvent[]): string => {
    let text = ''
    for (const event of events) {
      hasBegun ||= !heads.has(event.type)
      if (hasSaidEnd) break
      hasEnded ||= event.type === 'end' || event.type === 'error'
      const passed = chain.push(event)
      text += encoded(passed)
      if (event.type === 'error') continue
      const failure = passed.find((one) => one.type === 'error')
      if (failure === undefined) continue
      // A pass ended the answer with an error of its own.
      ownError = failure.error
      if (!hasEnded) hasSaidEnd = true
    }
    return text
  }
  const close = (text: string): Uint8Array | undefined => {
    if (isClosed) return bytesOf(text)
    isClosed = true
    return bytesOf(text + framer.end())
  }

  return {
    push(block) {
      if (hasSaidEnd && !hasEnded) return undefined
      const frame = parseFrame(block)
      return frame === undefined ? undefined : bytesOf(decoded(decoder.push(frame)))
    },
    pushRun(run) {
      let text = ''
      for (const frame of parseRun(run)) {
        if (hasSaidEnd && !hasEnded) break
        text += decoded(decoder.push(frame))
      }
      return bytesOf(text)
    },
    flush: () => bytesOf(joinedSoFar()),
    end() {
      if (givenUp !== undefined) return close(encoded([{ type: 'error', error: givenUp }]))
      const rest = decoded(decoder.end()) + said(joined?.end() ?? [])
      const left = rest + encoded(chain.end()) + joinedSoFar() + written(encoder.end())
      if (conform !== undefined) for (const rule of conform.end()) violations.add(rule)
      return close(left)
    },
    fail: (error) => close(encoded([{ type: 'error', error }])),
    get isPaused() {
      return joined?.isPaused === true
    },
    soFar: () => joined?.soFar(),
    stop: () => joined?.stop(),
    resume() {
      decoder = parts.upstream.streamDecoder()
      joined?.resume()
    },
    giveUp(error) {
      joined?.stop()
      givenUp = error
    },
    get hasBegun() {
      return hasBegun
    },
    get hasEnded() {
      return hasEnded
    },
    get ownError() {
      return givenUp ?? ownError
    },
    get isCut() {
      return hasSaidEnd && !hasEnded
    },
    violations,
  }
}

/** Events that say nothing of the answer itself; an error in their place is no answer either. */
const heads: ReadonlySet<StreamEvent['type']> = new Set(['start', 'usage', 'extension', 'error'])

const encoder = new TextEncoder()

const bytesOf = (text: string): Uint8Array | undefined => (text === '' ? undefined : encoder.encode(text))
