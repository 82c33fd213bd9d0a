import type { GenerateRequest, Part, ToolDefinition, Turn } from '../ir/index.ts'
import type { Pass } from './pass.ts'

/**
 * Marks "cache up to here" go only to models that take them; the others cache by themselves, so nothing is lost and
 * nothing is told (translation.md §8).
 */
export const cacheMarks: Pass = {
  name: 'cache marks',
  run(request, { target }) {
    if (target.capabilities.cache !== 'implicit' || request.protocol === target.protocol) return { request }
    const turns = unmarked(request.turns, withoutMarks)
    const tools = unmarked(request.tools, withoutMark)
    if (turns === request.turns && tools === request.tools && request.cache === undefined) return { request }
    const { cache: _cache, ...rest } = request
    const bare: GenerateRequest = { ...rest, turns, tools }
    return { request: bare }
  },
}

/** The list itself where no item holds a mark. */
const unmarked = <Item>(items: readonly Item[], strip: (item: Item) => Item): readonly Item[] => {
  const stripped = items.map(strip)
  return stripped.every((item, index) => item === items[index]) ? items : stripped
}

const withoutMarks = (turn: Turn): Turn => {
  const parts = unmarked(turn.parts, withoutMarksInside)
  return parts === turn.parts ? turn : { ...turn, parts }
}

const withoutMarksInside = (part: Part): Part => {
  const bare = withoutMark(part)
  if (bare.type !== 'tool-result') return bare
  const content = unmarked(bare.content, withoutMarksInside)
  return content === bare.content ? bare : { ...bare, content }
}

const withoutMark = <Marked extends Part | ToolDefinition>(item: Marked): Marked => {
  if (!('cache' in item) || item.cache === undefined) return item
  const { cache: _cache, ...bare } = item
  return bare as Marked
}
