/**
 * Cache marks of another protocol (translation.md §8): our lifetimes, longer ones before shorter ones, and at most
 * four, of which the last say most.
 */
import type { CacheMark, Part, ToolDefinition, Turn } from '../../ir/index.ts'
import { type BlockContext, placeOf } from './block-context.ts'

const maximum = 4

interface Marked {
  readonly tools: readonly ToolDefinition[]
  readonly preamble: readonly Turn[]
  readonly messages: readonly Turn[]
}

/**
 * @param lifetime what a mark without one means
 * @param whole a mark on the whole request takes one of the places
 */
export const withOurMarks = (
  marked: Marked,
  options: { readonly lifetime: string | undefined; readonly whole: boolean },
  context: BlockContext,
): Marked => {
  const places: { readonly cache: CacheMark; readonly at: string }[] = []
  const find = (node: ToolDefinition | Part, path: string): void => {
    const cache = markOf(node)
    if (cache !== undefined) places.push({ cache, at: placeOf(node, path) })
  }
  const inTurns = (turns: readonly Turn[]): readonly Turn[] => turns.map(withOuterMarks)
  const preamble = inTurns(marked.preamble)
  const messages = inTurns(marked.messages)
  marked.tools.forEach((tool, index) => {
    find(tool, `tools[${index}]`)
  })
  for (const turn of [...preamble, ...messages]) for (const part of turn.parts) find(part, 'turns')
  if (places.length === 0) return marked
  const dropped = Math.max(0, places.length - (options.whole ? maximum - 1 : maximum))
  for (const { at } of places.slice(0, dropped)) {
    context.warn('dropped', 'cache mark', at, 'at most four are taken, the last ones are kept')
  }
  const marks = ourLifetimes(places.slice(dropped), options.lifetime, context)
  let seen = 0
  /** The mark that stands here now; called once for each marked node, in order. */
  const next = (): { readonly cache?: CacheMark } => {
    const mark = marks[seen++ - dropped]
    return mark === undefined ? {} : { cache: mark }
  }
  const remarkPart = (part: Part): Part =>
    part.cache === undefined ? part : { ...unmarked(part), ...next() }
  const remarkTool = (tool: ToolDefinition): ToolDefinition => {
    if (tool.type === 'namespace' || tool.type === 'server' || tool.cache === undefined) return tool
    const { cache: _cache, ...rest } = tool
    return { ...rest, ...next() }
  }
  const remarked = (turn: Turn): Turn => ({ ...turn, parts: turn.parts.map(remarkPart) })
  return {
    tools: marked.tools.map(remarkTool),
    preamble: preamble.map(remarked),
    messages: messages.map(remarked),
  }
}

const markOf = (node: ToolDefinition | Part): CacheMark | undefined =>
  node.type === 'namespace' || node.type === 'server' ? undefined : node.cache

/** Marks stand on blocks of a message, not inside of one, and not on thoughts. */
const withOuterMarks = (turn: Turn): Turn => {
  if (!turn.parts.some((part) => part.type === 'tool-result' || part.type === 'reasoning')) return turn
  const parts: Part[] = []
  for (const part of turn.parts) {
    if (part.type === 'tool-result') {
      const inner = part.content.findLast(({ cache }) => cache !== undefined)?.cache
      const content = inner === undefined ? part.content : part.content.map(unmarked)
      parts.push(inner === undefined ? part : { ...part, content, cache: part.cache ?? inner })
    } else if (part.type === 'reasoning' && part.cache !== undefined) {
      const last = parts.at(-1)
      if (last !== undefined && last.type !== 'reasoning') {
        parts[parts.length - 1] = { ...last, cache: part.cache }
      }
      parts.push(unmarked(part))
    } else {
      parts.push(part)
    }
  }
  return { ...turn, parts }
}

const unmarked = (part: Part): Part => {
  if (part.cache === undefined) return part
  const { cache: _cache, ...rest } = part
  return rest
}

/** Ours, ranked; the other protocols' become the nearest one. */
const lifetimes: Readonly<Record<string, '5m' | '1h'>> = {
  '5m': '5m',
  '30m': '5m',
  '1h': '1h',
  '12h': '1h',
  '24h': '1h',
}

/** A mark in our words; without a lifetime where the asked one is not known. */
export const ourMark = ({ ttl }: CacheMark): CacheMark => {
  const ours = ttl !== undefined && Object.hasOwn(lifetimes, ttl) ? lifetimes[ttl] : undefined
  return ours === undefined ? {} : { ttl: ours }
}

const ourLifetimes = (
  places: readonly { readonly cache: CacheMark; readonly at: string }[],
  lifetime: string | undefined,
  context: BlockContext,
): readonly CacheMark[] => {
  let hasShort = false
  return places.map(({ cache, at }) => {
    const asked = cache.ttl ?? lifetime
    const { ttl } = ourMark(asked === undefined ? {} : { ttl: asked })
    if (asked !== undefined && (ttl === undefined || asked === '24h')) {
      context.warn('approximated', 'cache lifetime', at, 'kept for 5 minutes or 1 hour')
    }
    if (ttl === '1h' && hasShort) {
      context.warn('approximated', 'cache lifetime', at, 'a longer one may not follow a shorter one')
      return { ttl: '5m' }
    }
    hasShort ||= ttl !== '1h'
    return ttl === undefined ? {} : { ttl }
  })
}
