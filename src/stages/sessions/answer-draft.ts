import type { GenerateRequest, JsonText, StreamEvent } from '../../ir/index.ts'
import type { GenerateCodec, SessionCodec } from '../../protocols/index.ts'
import type { ResponseRecord } from '../../sessions/index.ts'
import type { SseFrame } from '../../wire/index.ts'

/** Watches an answer being said in the client's words, to keep it: what it looks like whole, and how it was cut. */
export interface AnswerDraft {
  /** The codec that says the answer. Without another word about it, nothing is noted. */
  watch(codec: GenerateCodec): GenerateCodec
  /** The whole answer, once it was said to its end. */
  readonly said: Pick<ResponseRecord, 'response' | 'stream'> | undefined
}

export const answerDraft = (
  codec: Pick<SessionCodec, 'responseIn' | 'cutOf'>,
  onFrames: ((frames: readonly SseFrame[]) => void) | undefined,
): AnswerDraft => {
  let whole: JsonText | undefined
  let last: SseFrame | undefined
  let cuts: number[] = []
  let events = 0

  const see = (event: StreamEvent | undefined, frames: readonly SseFrame[]): void => {
    if (frames.length === 0) return
    for (const frame of frames) {
      const cut = codec.cutOf(event, frame)
      if (cut !== undefined) cuts.push(cut)
    }
    events += frames.length
    last = frames.at(-1)
    onFrames?.(frames)
  }
  return {
    watch: (inner) => ({
      ...inner,
      encodeResponse(response, reply) {
        const encoded = inner.encodeResponse(response, reply)
        whole = encoded.body
        return encoded
      },
      streamEncoder(reply) {
        const machine = inner.streamEncoder(reply)
        // Another attempt begins the answer anew.
        cuts = []
        events = 0
        last = undefined
        return {
          push(event) {
            const frames = machine.push(event)
            see(event, frames)
            return frames
          },
          end() {
            const frames = machine.end()
            see(undefined, frames)
            return frames
          },
        }
      },
    }),
    get said() {
      if (whole !== undefined) return { response: whole }
      const response = last === undefined ? undefined : codec.responseIn(last)
      return response === undefined ? undefined : { response, stream: { cuts, events } }
    },
  }
}

/** What the request says about the gateway's own store is no matter of the target. */
export const withoutStore = ({ store: _store, background: _background, ...request }: GenerateRequest) =>
  request
