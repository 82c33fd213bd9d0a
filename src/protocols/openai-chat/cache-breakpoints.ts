import type { CacheMark, GenerateRequest, Part, Turn } from '../../ir/index.ts'
import type { LossReporter } from './losses.ts'

/**
 * Turns with their cache marks where messages can have them: on texts, pictures, sound and files (translation.md §8).
 * A mark elsewhere moves to the next such part of its turn; a mark on a tool moves to the first system text.
 */
export const withBreakpoints = (
  turns: readonly Turn[],
  tools: GenerateRequest['tools'],
  losses: LossReporter,
): readonly Turn[] => {
  const placed = turns.map((turn) => (turn.parts.some(isMarked) ? placeInTurn(turn, losses) : turn))
  const toolMark = tools.map(markOfTool).find((mark) => mark !== undefined)
  return toolMark === undefined ? placed : placeToolMark(placed, toolMark, losses)
}

/** Models without breakpoints cache by themselves: there all marks go, and nothing is lost. */
export const withoutBreakpoints = (turns: readonly Turn[]): readonly Turn[] =>
  turns.map((turn) => (turn.parts.some(isMarked) ? { ...turn, parts: turn.parts.map(withoutMark) } : turn))

const markOfTool = (tool: GenerateRequest['tools'][number]): CacheMark | undefined =>
  tool.type === 'function' || tool.type === 'custom' ? tool.cache : undefined

const isMarked = (part: Part): boolean =>
  part.cache !== undefined || (part.type === 'tool-result' && part.content.some(isMarked))

const withoutMark = (part: Part): Part => {
  if (!isMarked(part)) return part
  const { cache: _cache, ...rest } = part
  return rest.type === 'tool-result' ? { ...rest, content: rest.content.map(withoutMark) } : rest
}

const placeInTurn = (turn: Turn, losses: LossReporter): Turn => {
  let waiting: { readonly mark: CacheMark; readonly path: string } | undefined
  const parts = turn.parts.map((part): Part => {
    const path = part.at ?? turn.at ?? 'turns'
    const mark = part.cache ?? markInside(part)
    if (carries(part)) {
      const own = mark ?? waiting?.mark
      waiting = undefined
      return own === undefined ? part : { ...part, cache: inOurWords(own, path, losses) }
    }
    if (mark !== undefined) waiting = { mark, path }
    return withoutMark(part)
  })
  if (waiting !== undefined) {
    losses.approximated('cache mark', waiting.path, 'nothing behind it in its turn can carry it')
  }
  return { ...turn, parts }
}

const markInside = (part: Part): CacheMark | undefined =>
  part.type === 'tool-result' ? part.content.findLast((each) => each.cache !== undefined)?.cache : undefined

/** Can this part say "cache up to here"? */
const carries = (part: Part): boolean => {
  switch (part.type) {
    case 'text':
      return part.text !== ''
    case 'image':
    case 'document':
    case 'audio':
      return true
    default:
      return false
  }
}

/** Tools stand in front of all else. */
const placeToolMark = (turns: readonly Turn[], mark: CacheMark, losses: LossReporter): readonly Turn[] => {
  const place = turns.findIndex((turn) => turn.role === 'system' && turn.parts.some(carries))
  if (place < 0) {
    losses.approximated('cache mark', 'tools', 'no system text follows that could carry it')
    return turns
  }
  return turns.map((turn, index) => {
    if (index !== place) return turn
    const first = turn.parts.findIndex(carries)
    const parts = turn.parts.map((part, at) =>
      at !== first || part.cache !== undefined ? part : { ...part, cache: inOurWords(mark, 'tools', losses) },
    )
    return { ...turn, parts }
  })
}

/** Anthropic's lives in ours: five minutes are thirty, and the long ones are what every model offers. */
const inOurWords = ({ ttl }: CacheMark, path: string, losses: LossReporter): CacheMark => {
  switch (ttl) {
    case undefined:
      return {}
    case '30m':
    case '12h':
      return { ttl }
    case '5m':
      return { ttl: '30m' }
    default:
      losses.approximated('cache lifetime', path, `${ttl} is not offered, 30m is`)
      return { ttl: '30m' }
  }
}
