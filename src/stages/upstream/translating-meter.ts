import type { CanonicalError } from '../../ir/index.ts'
import type { AnswerFacts, StreamMeter } from '../../protocols/index.ts'
import type { StreamTranslator } from '../../translation/index.ts'
import { countBlocks } from '../../wire/index.ts'
import { joinedFacts } from './joined-facts.ts'

/** Counts what a provider says over all calls that make one answer. */
export interface TranslatingMeter extends StreamMeter {
  close(): readonly Uint8Array[]
  /** The blocks to come are those of the next call. @param inputTokens what it costs until the provider says so */
  resume(inputTokens: number): void
  /** The next call came to nothing, as the provider says. @param isBilled may it bill that all the same? */
  giveUp(error: CanonicalError, isBilled: boolean): void
  /** The next call was never sent. */
  forget(): void
  /** Nothing more comes: a paused answer ends as it stands. */
  stop(): void
  /** The provider has not said yet what its last call costs. */
  readonly isEstimated: boolean
  /** Rules of the provider's grammar that it broke. */
  upstreamViolations(): readonly string[]
}

/**
 * Counts in the provider's protocol and says in the client's: what it lets through is not the block that it saw.
 * Ids of upstream state stay here, as no request of another protocol could name them.
 * @param meterOfCall a fresh meter of the provider's protocol
 */
export const translatingMeter = (
  meterOfCall: () => StreamMeter,
  translator: StreamTranslator,
  onDefect: (error: unknown) => void,
): TranslatingMeter => {
  let upstream = meterOfCall()
  /** Of the calls before this one. */
  let earlier: AnswerFacts | undefined
  let expected = 0
  /** Pieces of content that this call has brought, if it is a further one. */
  let pieces = 0
  let hadContent = false
  let hadText = false
  const violated: string[] = []
  const guarded = <Result>(run: () => Result): Result => {
    try {
      return run()
    } catch (error) {
      onDefect(error)
      throw error
    }
  }
  const ofThisCall = (): AnswerFacts => {
    const facts = upstream.facts()
    if (earlier === undefined || facts.ended !== undefined) return facts
    // No final count yet: at least one token for each piece, as for any stream that is cut.
    const { inputTokens = expected, outputTokens = 0 } = facts.usage ?? {}
    if (inputTokens + pieces === 0) return facts
    return { ...facts, usage: { ...facts.usage, inputTokens, outputTokens: Math.max(outputTokens, pieces) } }
  }
  const soFar = (): AnswerFacts =>
    earlier === undefined ? upstream.facts() : joinedFacts(earlier, ofThisCall())

  return {
    push(block) {
      upstream.push(block)
      if (earlier !== undefined && upstream.hasContent) pieces++
      return guarded(() => translator.push(block))
    },
    ...(upstream.skim === undefined ? {} : { skim: (text, from) => upstream.skim?.(text, from) ?? from }),
    skimmed(run) {
      if (earlier !== undefined) pieces += countBlocks(latin1(run), 0, run.byteLength)
      return guarded(() => translator.pushRun(run))
    },
    flush: () => guarded(() => translator.flush()),
    close: () => list(guarded(() => translator.end())),
    fail: (error: CanonicalError) => list(translator.fail(error)),
    stop: () => translator.stop(),
    get hasContent() {
      return hadContent || upstream.hasContent
    },
    get isEstimated() {
      const { usage, ended } = upstream.facts()
      return expected > 0 && usage === undefined && ended !== 'failed'
    },
    get hasText() {
      return hadText || upstream.hasText
    },
    resume(inputTokens) {
      hadContent ||= upstream.hasContent
      hadText ||= upstream.hasText
      earlier = soFar()
      expected = inputTokens
      pieces = 0
      violated.push(...upstream.violations())
      upstream = meterOfCall()
      translator.resume()
    },
    giveUp(error, isBilled) {
      if (!isBilled) expected = 0
      translator.giveUp(error)
    },
    forget() {
      expected = 0
    },
    facts(): AnswerFacts {
      const facts = { ...soFar(), handles: [] }
      if (translator.isCut) return { ...facts, ended: 'complete' }
      if (translator.isPaused) return unended(facts)
      const error = translator.ownError
      return error === undefined ? facts : { ...facts, ended: 'failed', error }
    },
    violations: () => [...translator.violations].map((rule) => `own: ${rule}`),
    upstreamViolations: () => [...violated, ...upstream.violations()],
  }
}

const latin1 = (bytes: Uint8Array): string => Buffer.prototype.toString.call(bytes, 'latin1')

const unended = ({ ended: _, ...facts }: AnswerFacts): AnswerFacts => facts

const list = (bytes: Uint8Array | undefined): readonly Uint8Array[] => (bytes === undefined ? [] : [bytes])
