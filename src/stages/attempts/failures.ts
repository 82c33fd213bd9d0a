import { isWhole, type Reply } from '../../pipeline/index.ts'
import type { Credential } from '../../providers/index.ts'
import type { Target } from '../match/index.ts'
import { named, type Verdict } from './judge.ts'

export type Result = { readonly reply: Reply } | { readonly error: unknown }

export interface Failed {
  readonly result: Result
  readonly verdict: Verdict
  readonly target: Target
  readonly credential: Credential
  /** From 1. */
  readonly number: number
}

/** What has gone wrong so far, for the one answer that the client gets if nothing goes right. */
export interface Failures {
  add(failed: Failed): void
  /** The one that says most: what a provider answered, the latest of its kind. */
  readonly best: Failed | undefined
  /** `3; openai 503; openai 503; azure gateway_upstream_unreachable`, at most 1 KB. @param last one more of them */
  said(calls: number, last?: string): string
  /** Ends the streams that were kept: something better is on its way to the client. */
  discard(): void
}

export const createFailures = (): Failures => {
  const words: string[] = []
  let best: Failed | undefined
  return {
    add(failed) {
      words.push(`${failed.target.provider.id} ${named(failed.result)}`)
      if (best !== undefined && rank(best) > rank(failed)) {
        drop(failed.result)
        return
      }
      if (best !== undefined) drop(best.result)
      best = failed
    },
    get best() {
      return best
    },
    said: (calls, ...last) => [String(calls), ...words, ...last].join('; ').slice(0, 1024),
    discard() {
      if (best !== undefined) drop(best.result)
      best = undefined
    },
  }
}

/** What a provider said beats what we say of it, and both beat that a key or a protocol did not fit. */
const rank = ({ verdict, result }: Failed): number => {
  if (verdict.type === 'unfit') return 0
  if (verdict.type === 'refused') return 1
  return 'reply' in result ? 3 : 2
}

const drop = (result: Result): void => {
  if ('reply' in result && !isWhole(result.reply)) result.reply.body.cancel()
}
