/** A provider's stream as a client of another protocol gets it, in the steps in which the gateway takes it. */
import type { CanonicalError, GenerateResponse } from '../../src/ir/index.ts'
import { type AnswerFacts, protocols } from '../../src/protocols/index.ts'
import { type StreamFraming, type StreamTranslator, translateStream } from '../../src/translation/index.ts'
import { encodeFrame, frameSplitter, type SseFrame } from '../../src/wire/index.ts'
import type { Client } from '../translation/cases.ts'
import { type Asked, ask, calledTools, codecOf } from '../translation/cell.ts'

/** One stream on its way: each call reads it anew. */
export interface TranslatedStream {
  /** Event after event, each of them a read of its own; `frames` may break off early. */
  inFrames(frames: readonly SseFrame[]): TranslatedBytes
  /** The same bytes cut into `chunks`. A read's words go out at its end (`read`), or those of each event (`event`). */
  inChunks(chunks: readonly Uint8Array[], flushed: 'read' | 'event'): TranslatedBytes
}

export interface TranslatedBytes {
  readonly bytes: Buffer
  /** How the provider ended it; absent: it did not. */
  readonly ended: AnswerFacts['ended']
  readonly violations: readonly string[]
}

const broken: CanonicalError = {
  kind: 'upstream',
  code: 'gateway_upstream_died',
  message: 'the provider broke the connection in the middle of its answer',
}

/**
 * @param said what the stream says: the client has the tools that it calls
 * @param framing how the client wants it
 */
export const translatedStream = (
  client: Client,
  upstream: Client,
  said: GenerateResponse,
  framing: StreamFraming = 'sse',
): TranslatedStream => {
  const parts = { client, upstream, framing, asked: ask(client, upstream, calledTools(said)) }
  return {
    inFrames: (frames) =>
      run(parts, (translator, see, say) => {
        for (const block of frames.map(encodeFrame)) {
          see(block)
          say(translator.push(block))
          say(translator.flush())
        }
      }),
    inChunks: (chunks, flushed) =>
      run(parts, (translator, see, say) => {
        const splitter = frameSplitter()
        const take = (block: Uint8Array): void => {
          see(block)
          say(translator.push(block))
          if (flushed === 'event') say(translator.flush())
        }
        for (const chunk of chunks) {
          splitter.push(chunk).forEach(take)
          say(translator.flush())
        }
        splitter.end().forEach(take)
      }),
  }
}

type Feed = (
  translator: StreamTranslator,
  see: (block: Uint8Array) => void,
  say: (bytes: Uint8Array | undefined) => void,
) => void

interface RunParts {
  readonly client: Client
  readonly upstream: Client
  readonly framing: StreamFraming
  readonly asked: Asked
}

const run = ({ client, upstream, framing, asked }: RunParts, feed: Feed): TranslatedBytes => {
  const translator = translateStream({
    upstream: codecOf(upstream),
    client: codecOf(client),
    translation: asked,
    reply: asked.reply,
    framing,
    conform: true,
  })
  const meter = protocols[upstream].meterStream({ framing: 'sse', hideUsage: false, conform: false })
  const said: Uint8Array[] = []
  const say = (bytes: Uint8Array | undefined): void => {
    if (bytes !== undefined) said.push(bytes)
  }
  feed(translator, (block) => meter.push(block), say)
  const { ended } = meter.facts()
  say(ended === undefined && !translator.isCut ? translator.fail(broken) : translator.end())
  return { bytes: Buffer.concat(said), ended, violations: [...translator.violations] }
}
