import type { Part, Turn } from '../../ir/index.ts'
import { isSealedState } from '../../sessions/index.ts'
import { type HistoryPart, type RestoreContext, restoreRun } from './restore-run.ts'

/** A turn after its reasoning was restored. */
export interface HistoryTurn {
  readonly turn: Turn
  /** Its index in the request. */
  readonly source: number
  /** It is one reasoning item that came out of an envelope. */
  readonly restored?: HistoryPart
}

/** All turns with their reasoning as the target takes it. Turns without change are the ones that were given. */
export const restoreTurns = (turns: readonly Turn[], context: RestoreContext): readonly HistoryTurn[] => {
  const result: HistoryTurn[] = []
  let start = 0
  while (start < turns.length) {
    const turn = turns[start]
    if (turn === undefined) break
    if (turn.role !== 'assistant') {
      result.push({ turn: withoutEnvelopes(turn), source: start })
      start++
      continue
    }
    let end = start
    while (turns[end]?.role === 'assistant') end++
    result.push(...restoreAnswer(turns, start, end, context))
    start = end
  }
  return result
}

/** Nobody but a forger puts an envelope there. */
const withoutEnvelopes = (turn: Turn): Turn => {
  const holds = (part: Part): boolean => part.state !== undefined && isSealedState(part.state.value)
  if (!turn.parts.some(holds)) return turn
  return {
    ...turn,
    parts: turn.parts.map((part) => {
      if (!holds(part)) return part
      const { state: _state, raw: _raw, ...rest } = part
      return rest
    }),
  }
}

const restoreAnswer = (
  turns: readonly Turn[],
  start: number,
  end: number,
  context: RestoreContext,
): readonly HistoryTurn[] => {
  const run = turns.slice(start, end).flatMap((turn, offset) => historyParts(turn, start + offset))
  const sources = turns.slice(start, end).map((turn, offset) => ({ turn, source: start + offset }))
  if (!run.some(({ part }) => part.type === 'reasoning' || part.state !== undefined)) return sources
  const restored = restoreRun(run, context)
  const isSame = restored.length === run.length && restored.every((at, index) => at === run[index])
  if (isSame) return sources
  return sources.flatMap(({ turn, source }) =>
    regroup(
      turn,
      source,
      restored.filter((at) => at.turn === source),
      context,
    ),
  )
}

const historyParts = (turn: Turn, index: number): readonly HistoryPart[] =>
  turn.parts.map((part, place) => ({
    part,
    turn: index,
    path: part.at ?? turn.at ?? `turns[${index}].parts[${place}]`,
  }))

/**
 * What became of one turn. Where reasoning is an item of its own, a restored one gets a turn of its own, as the
 * target's decoder would have given it.
 */
const regroup = (
  turn: Turn,
  source: number,
  parts: readonly HistoryPart[],
  { protocol }: RestoreContext,
): readonly HistoryTurn[] => {
  const isSame =
    parts.length === turn.parts.length && parts.every((at, index) => at.part === turn.parts[index])
  if (isSame) return [{ turn, source }]
  const { raw: _raw, tools, reasoning, ...rest } = turn
  const settings = {
    ...(tools === undefined ? {} : { tools }),
    ...(reasoning === undefined ? {} : { reasoning }),
  }
  const groups: HistoryTurn[] = []
  let open: Part[] | undefined
  for (const at of parts) {
    if (protocol === 'openai-responses' && at.restored !== undefined) {
      open = undefined
      const { item } = at.restored
      const own: Turn = {
        role: 'assistant',
        parts: [at.part],
        ...(item === undefined ? {} : { extensions: item }),
        ...(turn.at === undefined ? {} : { at: turn.at }),
      }
      groups.push({ turn: own, source, restored: at })
      continue
    }
    if (open === undefined) {
      open = []
      groups.push({ turn: { ...rest, parts: open }, source })
    }
    open.push(at.part)
  }
  const [first, ...others] = groups
  const hasSettings = Object.keys(settings).length > 0
  if (first === undefined) return hasSettings ? [{ turn: { ...rest, parts: [], ...settings }, source }] : []
  return hasSettings ? [{ ...first, turn: { ...first.turn, ...settings } }, ...others] : groups
}
