import type { Part, Turn } from '../../ir/index.ts'
import { type BlockContext, placeOf, saysNothing } from './block-context.ts'
import { isServerCallId } from './server-tools.ts'
import { protocolId } from './wire.ts'

/**
 * Turns without the parts that have no block here: thoughts without a signature of this provider, calls that another
 * provider ran, empty texts, what has no canonical word. A cache mark on such a part goes to the part before it.
 */
export const withSayableParts = (turns: readonly Turn[], context: BlockContext): readonly Turn[] => {
  const result: Turn[] = []
  for (const turn of turns) {
    const parts: Part[] = []
    for (const part of turn.parts) {
      if (isSayable(part, context)) {
        parts.push(part.type === 'refusal' ? refusalText(part) : part)
        continue
      }
      const last = parts.at(-1)
      if (part.cache !== undefined && last !== undefined) {
        parts[parts.length - 1] = { ...last, cache: part.cache }
      } else if (part.cache !== undefined) {
        markLast(result, part.cache)
      }
    }
    result.push(parts.length === turn.parts.length && !hasRefusal(turn) ? turn : { ...turn, parts })
  }
  return result
}

const hasRefusal = (turn: Turn): boolean => turn.parts.some((part) => part.type === 'refusal')

/** Words with which a model declined are its text. */
const refusalText = ({ text, cache, at }: Extract<Part, { type: 'refusal' }>): Part => ({
  type: 'text',
  text,
  ...(cache === undefined ? {} : { cache }),
  ...(at === undefined ? {} : { at }),
})

const markLast = (turns: Turn[], cache: NonNullable<Part['cache']>): void => {
  const index = turns.findLastIndex((turn) => turn.parts.length > 0)
  const turn = turns[index]
  const last = turn?.parts.at(-1)
  if (turn === undefined || last === undefined) return
  turns[index] = { ...turn, parts: [...turn.parts.slice(0, -1), { ...last, cache }] }
}

const isSayable = (part: Part, context: BlockContext): boolean => {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return !saysNothing(part.text)
    case 'reasoning':
      if (part.state?.protocol === protocolId) return true
      return lost(part, 'reasoning', 'thoughts without a signature of Anthropic are refused', context)
    case 'server-call':
      return isServerCallId(part.id) || lost(part, `${part.tool} call`, 'a call of another provider', context)
    case 'server-result':
      return (
        isServerCallId(part.callId) ||
        lost(part, `${part.tool} result`, 'a result of another provider', context)
      )
    case 'opaque':
      return part.raw?.protocol === protocolId || lost(part, part.name, 'no counterpart', context)
    default:
      return true
  }
}

const lost = (part: Part, feature: string, reason: string, context: BlockContext): false => {
  context.warn('dropped', feature, placeOf(part, 'turns'), reason)
  return false
}
