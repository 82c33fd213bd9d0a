import type { Usage } from '../../ir/index.ts'
import { addBounds } from '../ledger/index.ts'
import { type Asked, callBound, type ReserveParts, spentOn } from './attempt-bounds.ts'
import { bytesPerToken } from './demand-bounds.ts'
import type { Held } from './hold-budgets.ts'
import { isWritten, type WrittenDown } from './written-down.ts'

/** One more call of the same attempt. */
export interface Further {
  /** What the provider has told of each call so far. */
  readonly calls: readonly Usage[]
  /** Of the next request. */
  readonly bytes: number
  /** What it will come to, as far as can be told. */
  readonly inputTokens: number
}

export interface Again {
  readonly further: Further
  readonly written: WrittenDown
  readonly held?: Held
  /** The longest answer of the next call. */
  readonly outputTokens: number | undefined
}

/** Holds what an attempt's calls have come to and one more, and writes it down. False where there is no room for it. */
export const holdAgain = async (
  parts: ReserveParts,
  exchange: Asked,
  { further, written, held, outputTokens }: Again,
): Promise<boolean> => {
  const spent = spentOn(parts, exchange, further.calls)
  const likely = Math.max(further.inputTokens, Math.ceil(further.bytes / bytesPerToken))
  const { cost, ...tokens } = addBounds(spent, callBound(parts, exchange, likely, outputTokens))
  const all = BigInt(tokens.inputTokens + (tokens.outputTokens ?? 0))
  if (held !== undefined && !(await held.cover({ usd: cost ?? 0n, tokens: all }).catch(() => false)))
    return false
  // A text never has more tokens than bytes; what the provider adds by itself, it has told of.
  const most = callBound(parts, exchange, Math.max(likely, further.bytes), outputTokens)
  return !exchange.entry.closed && isWritten(() => written.raise(addBounds(spent, most)))
}
