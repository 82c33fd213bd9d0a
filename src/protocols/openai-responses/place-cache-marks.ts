import type { CacheMark, GenerateRequest, Part, Turn } from '../../ir/index.ts'
import type { TargetContext } from '../protocol.ts'
import type { Losses } from './losses.ts'

/**
 * Turns with their cache marks where this protocol can have them: on texts, pictures and files that are said to the
 * model (translation.md §8). A mark elsewhere moves to the next such part of its turn; a mark on a tool moves to the
 * first system text. Models without breakpoints cache by themselves: there all marks go, and nothing is lost.
 */
export const placeCacheMarks = (
  request: GenerateRequest,
  { capabilities }: TargetContext,
  losses: Losses,
): readonly Turn[] => {
  const toolMark = request.tools.map(markOfTool).find((mark) => mark !== undefined)
  if (toolMark === undefined && !request.turns.some((turn) => turn.parts.some(isMarked))) return request.turns
  if (capabilities?.cache !== 'breakpoints') return request.turns.map(unmarked)
  const placed = request.turns.map((turn, index) =>
    turn.parts.some(isMarked) ? placeInTurn(turn, turn.at ?? `turns[${index}]`, losses) : turn,
  )
  return toolMark === undefined ? placed : placeToolMark(placed, toolMark, losses)
}

const markOfTool = (tool: GenerateRequest['tools'][number]): CacheMark | undefined =>
  tool.type === 'function' || tool.type === 'custom' ? tool.cache : undefined

const isMarked = (part: Part): boolean =>
  part.cache !== undefined || (part.type === 'tool-result' && part.content.some(isMarked))

const unmarked = (turn: Turn): Turn =>
  turn.parts.some(isMarked) ? { ...turn, parts: turn.parts.map(withoutMark) } : turn

const withoutMark = (part: Part): Part => {
  const { cache: _cache, ...rest } = part
  return rest.type === 'tool-result' ? { ...rest, content: rest.content.map(withoutMark) } : rest
}

const placeInTurn = (turn: Turn, path: string, losses: Losses): Turn => {
  const parts: Part[] = []
  let waiting: CacheMark | undefined
  const speaks = turn.role !== 'assistant'
  for (const part of turn.parts) {
    const carried = speaks && carries(part)
    const at = part.at ?? path
    if (carried) {
      const mark = part.cache ?? waiting
      parts.push(mark === undefined ? part : { ...part, cache: inOurWords(mark, at, losses) })
      waiting = undefined
      continue
    }
    const inside = part.type === 'tool-result' ? placeInResult(part, at, losses) : undefined
    parts.push(inside?.part ?? withoutMark(part))
    waiting = inside?.placed === true ? undefined : (part.cache ?? waiting)
  }
  if (waiting !== undefined) {
    losses.add('approximated', 'cache mark', path, 'nothing after it in its turn can carry it')
  }
  return { ...turn, parts }
}

/** A list of contents can carry the mark of the result; one string cannot, and stays one. */
const placeInResult = (
  part: Extract<Part, { type: 'tool-result' }>,
  at: string,
  losses: Losses,
): { readonly part: Part; readonly placed: boolean } => {
  const { cache, ...result } = part
  if (result.form === 'string') return { part: withoutMark(result), placed: false }
  const last = result.content.findLastIndex(carries)
  const content = result.content.map((each, index) => {
    const mark = index === last ? (each.cache ?? cache) : each.cache
    if (mark === undefined || !carries(each)) return withoutMark(each)
    return { ...each, cache: inOurWords(mark, each.at ?? at, losses) }
  })
  return { part: { ...result, content }, placed: last >= 0 }
}

/** Can this part say "cache up to here"? */
const carries = (part: Part): boolean => {
  switch (part.type) {
    case 'text':
      return part.text !== ''
    case 'image':
      return true
    case 'document':
      return part.source.type !== 'parts'
    default:
      return false
  }
}

/** Tools stand in front of all else. */
const placeToolMark = (turns: readonly Turn[], mark: CacheMark, losses: Losses): readonly Turn[] => {
  const place = turns.findIndex((turn) => turn.role === 'system' && turn.parts.some(carries))
  if (place < 0) {
    losses.add('approximated', 'cache mark', 'tools', 'no system text follows that could carry it')
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

/** Anthropic's lives in ours: five minutes are thirty, the long ones are as long as every model offers. */
const inOurWords = ({ ttl }: CacheMark, at: string, losses: Losses): CacheMark => {
  switch (ttl) {
    case undefined:
      return {}
    case '30m':
    case '12h':
      return { ttl }
    case '5m':
      return { ttl: '30m' }
    default:
      losses.add('approximated', 'cache lifetime', at, `${ttl} is not offered, 30m is`)
      return { ttl: '30m' }
  }
}
