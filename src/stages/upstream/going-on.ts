import { within } from '../../pipeline/index.ts'
import type { StreamTranslator } from '../../translation/index.ts'
import { isEventStream, unreadable } from './heard-answer.ts'
import { httpSource } from './http-source.ts'
import { broken, type PausedAnswer, type PausingJob, pausedAnswer } from './paused-answer.ts'
import type { HttpCall } from './send-http.ts'
import type { StreamSource } from './stream-body.ts'
import type { TranslatingMeter } from './translating-meter.ts'

/** The bytes of an answer, over all calls that make it. */
export interface AnswerSource extends StreamSource {
  /** Did a time limit of ours end the upstream call? */
  timedOut(): boolean
}

interface StreamedCall {
  readonly call: HttpCall
  readonly source: StreamSource
}

export const oneCall = ({ call, source }: StreamedCall): AnswerSource => ({
  read: source.read,
  abort: source.abort,
  timedOut: call.timedOut,
})

/** The same, where each pause of the provider is followed by the call that lets it go on. */
export const goingOn = (
  job: PausingJob,
  first: StreamedCall,
  listeners: { readonly translator: StreamTranslator; readonly meter: TranslatingMeter },
): AnswerSource => {
  const { translator, meter } = listeners
  let paused: PausedAnswer | undefined
  let current = first
  let isLeft = false

  /** @returns false where nothing more comes */
  const goesOn = async (): Promise<boolean> => {
    paused ??= pausedAnswer(job)
    const soFar = translator.soFar()
    const next = soFar === undefined ? undefined : await paused.next(soFar)
    if (next === undefined) {
      job.translation.losses.warn('approximated', 'pause', 'stop_reason', 'it ends where its provider paused')
      translator.stop()
      return false
    }
    // Nothing follows but the end of the connection, which then serves the next call.
    await within(current.source.read(), lingerMs).catch(() => undefined)
    current.source.abort()
    meter.resume(next.inputTokens)
    try {
      const call = await paused.send(next)
      const { body } = call.response
      if (body === null || !isEventStream(call.response)) {
        call.abort()
        call.finished()
        meter.giveUp(unreadable, true)
        return false
      }
      current = { call, source: httpSource(call, body, call.response.headers.get('content-encoding')) }
      return true
    } catch (error) {
      // Who left hears nothing, and a stream that fell silent is told so by whoever waits for it.
      if (isLeft) throw error
      const { error: said, isBilled } = broken(error)
      meter.giveUp(said, isBilled)
      return false
    }
  }

  return {
    async read() {
      if (translator.isPaused && !isLeft && !(await goesOn())) return undefined
      return current.source.read()
    },
    abort() {
      isLeft = true
      paused?.leave()
      current.source.abort()
    },
    timedOut: () => current.call.timedOut(),
  }
}

/** As for the end of any stream, in milliseconds. */
const lingerMs = 1000
