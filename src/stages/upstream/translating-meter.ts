import type { CanonicalError } from '../../ir/index.ts'
import type { AnswerFacts, StreamMeter } from '../../protocols/index.ts'
import type { StreamTranslator } from '../../translation/index.ts'

/**
 * Counts in the provider's protocol and says in the client's: what it lets through is not the block that it saw.
 * Ids of upstream state stay here, as no request of another protocol could name them.
 */
export const translatingMeter = (
  upstream: StreamMeter,
  translator: StreamTranslator,
  onDefect: (error: unknown) => void,
): StreamMeter & { close(): readonly Uint8Array[] } => {
  const guarded = <Result>(run: () => Result): Result => {
    try {
      return run()
    } catch (error) {
      onDefect(error)
      throw error
    }
  }
  return {
    push(block) {
      upstream.push(block)
      return guarded(() => translator.push(block))
    },
    ...(upstream.skim === undefined ? {} : { skim: upstream.skim.bind(upstream) }),
    skimmed: (run) => guarded(() => translator.pushRun(run)),
    flush: () => guarded(() => translator.flush()),
    close: () => list(guarded(() => translator.end())),
    fail: (error: CanonicalError) => list(translator.fail(error)),
    get hasContent() {
      return upstream.hasContent
    },
    get hasText() {
      return upstream.hasText
    },
    facts(): AnswerFacts {
      const facts = { ...upstream.facts(), handles: [] }
      if (translator.isCut) return { ...facts, ended: 'complete' }
      const error = translator.ownError
      return error === undefined ? facts : { ...facts, ended: 'failed', error }
    },
    violations: () => [...translator.violations].map((rule) => `own: ${rule}`),
  }
}

const list = (bytes: Uint8Array | undefined): readonly Uint8Array[] => (bytes === undefined ? [] : [bytes])
