import { type Extensions, extensionOf, type Part, type Turn } from '../../ir/index.ts'
import type { HistoryTurn } from './history-turns.ts'
import type { RestoreContext } from './restore-run.ts'

/**
 * OpenAI refuses a reasoning item without the item that followed it, and an item with an id whose reasoning is missing
 * (translation.md §7.4). So a restored item without a follower goes, and where reasoning went, the ids of what it led
 * to go as well.
 * @param lost turns of the request that lost their reasoning
 */
export const pairItems = (
  turns: readonly HistoryTurn[],
  lost: ReadonlySet<number>,
  lose: RestoreContext['lose'],
): readonly Turn[] => {
  const result: Turn[] = []
  let isOrphan = false
  const gone = [...lost].sort((one, other) => one - other)
  turns.forEach(({ turn, source, restored }, index) => {
    for (; gone.length > 0 && (gone[0] ?? 0) <= source; gone.shift()) isOrphan = true
    if (restored !== undefined && !hasFollower(turns, index)) {
      lose(restored, 'nothing follows the reasoning')
      return
    }
    if (restored !== undefined || isReasoning(turn) || isQuestion(turn)) isOrphan = false
    result.push(isOrphan ? withoutId(turn) : turn)
  })
  return result
}

const hasFollower = (turns: readonly HistoryTurn[], index: number): boolean => {
  const next = turns.slice(index + 1).find(({ restored }) => restored === undefined)
  return next?.turn.role === 'assistant' && next.turn.parts.some(isSayable)
}

const isSayable = (part: Part): boolean =>
  part.type === 'opaque'
    ? part.raw?.protocol === 'openai-responses'
    : part.type !== 'reasoning' && !(part.type === 'text' && part.text === '')

const isReasoning = ({ role, parts }: Turn): boolean =>
  role === 'assistant' && parts.some((part) => part.type === 'reasoning')

const isQuestion = ({ role, parts }: Turn): boolean =>
  role === 'user' && parts.some((part) => part.type !== 'tool-result')

const withoutId = (turn: Turn): Turn => {
  const { id, ...rest } = extensionOf(turn, 'openai-responses')
  if (id === undefined || turn.role !== 'assistant') return turn
  const { 'openai-responses': _own, ...others } = turn.extensions ?? {}
  const extensions: Extensions =
    Object.keys(rest).length === 0 ? others : { ...others, 'openai-responses': rest }
  const { extensions: _extensions, ...bare } = turn
  return Object.keys(extensions).length === 0 ? bare : { ...bare, extensions }
}
