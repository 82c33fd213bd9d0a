import { within } from '../../pipeline/index.ts'
import type { StreamTranslator } from '../../translation/index.ts'
import type { GenerateTranslation } from '../translate/index.ts'
import { type FurtherCalls, furtherCalls, lost } from './further-call.ts'
import { isEventStream, unreadable } from './heard-answer.ts'
import { httpSource } from './http-source.ts'
import type { IdleWatch } from './idle-watch.ts'
import type { HttpCall } from './send-http.ts'
import { lingerMs, type StreamSource } from './stream-body.ts'
import type { TranslatingMeter } from './translating-meter.ts'
import type { TranslationJob } from './translation-job.ts'

/** The bytes of an answer, over all calls that make it. */
export interface AnswerSource extends StreamSource {
  /** Did a time limit of ours end the upstream call? */
  timedOut(): boolean
}

interface StreamedCall {
  readonly call: HttpCall
  readonly source: StreamSource
}

export interface StreamListeners {
  readonly translator: StreamTranslator
  readonly meter: TranslatingMeter
  readonly idle: IdleWatch
}

export const oneCall = ({ call, source }: StreamedCall): AnswerSource => ({
  read: source.read,
  abort: source.abort,
  timedOut: call.timedOut,
})

/** The same, where each pause of the provider is followed by the call that lets it go on. */
export const goOnStreaming = (
  job: TranslationJob<GenerateTranslation>,
  first: StreamedCall,
  { translator, meter, idle }: StreamListeners,
): AnswerSource => {
  let further: FurtherCalls | undefined
  let current = first
  let isLeft = false
  let isLate = false

  /** @returns false where nothing more comes. Rejects where the next call broke off. */
  const callAgain = async (): Promise<boolean> => {
    idle.lift()
    further ??= furtherCalls(job)
    const soFar = translator.soFar()
    const next = soFar === undefined ? undefined : await further.next(soFar, meter.facts())
    if (next === undefined) {
      job.translation.losses.warn('approximated', 'pause', 'stop_reason', 'it ends where its provider paused')
      return false
    }
    // Nothing follows but the end of the connection, which then serves the next call.
    await within(current.source.read(), lingerMs).catch(() => undefined)
    current.source.abort()
    if (isLeft) return false
    meter.resume(next.inputTokens)
    const call = await further.send(next)
    const { body } = call.response
    if (body === null || !isEventStream(call.response)) {
      call.abort()
      call.finished()
      meter.giveUp(unreadable, true)
      return false
    }
    current = { call, source: httpSource(call, body, call.response.headers.get('content-encoding')) }
    idle.begin()
    return true
  }

  const goesOn = async (): Promise<boolean> => {
    try {
      return await callAgain()
    } catch (error) {
      const { error: said, isBilled, isSaid } = lost(error).breach
      if (isSaid) {
        meter.giveUp(said, isBilled)
        return false
      }
      if (!isBilled) meter.forget()
      isLate = said.kind === 'timeout'
      throw error
    }
  }

  return {
    async read() {
      if (translator.isPaused && !isLeft && !(await goesOn())) return undefined
      return current.source.read()
    },
    abort() {
      isLeft = true
      further?.leave()
      current.source.abort()
    },
    timedOut: () => isLate || current.call.timedOut(),
  }
}
