import type { Part, ToolCallPart, ToolResultPart, Turn } from '../../ir/index.ts'
import type { Pass, TranslationContext } from '../pass.ts'
import { mapParts, placeOf, withoutEmptied } from './map-parts.ts'

export interface ToolResultOptions {
  /** Put right what providers refuse, with a warning, instead of refusing it here. */
  readonly repair: boolean
}

interface Unpaired {
  /** Calls without a result: their part, and the turn that it stands in. */
  readonly missing: readonly { readonly call: ToolCallPart; readonly turn: number; readonly at: string }[]
  /** Results without a call, or second ones. */
  readonly orphans: ReadonlyMap<ToolResultPart, string>
}

/**
 * Each call has one result behind it, and each result a call: every provider refuses anything else (translation.md
 * §5.4), and the refusal here names the place in the client's own request. Takes calls and results with their ids.
 */
export const toolResults = ({ repair }: ToolResultOptions): Pass => ({
  name: 'tool results',
  run(request, context) {
    // The rest of the history lies at a provider.
    const isPartial = request.previousResponseId !== undefined || request.conversation !== undefined
    if (request.protocol === context.target.protocol || isPartial) return { request }
    const unpaired = findUnpaired(request.turns)
    if (unpaired.missing.length === 0 && unpaired.orphans.size === 0) return { request }
    if (!repair) refuse(unpaired, context)
    return { request: { ...request, turns: repaired(request.turns, unpaired, context) } }
  },
})

const findUnpaired = (turns: readonly Turn[]): Unpaired => {
  const open = new Map<string, Unpaired['missing'][number]>()
  const orphans = new Map<ToolResultPart, string>()
  turns.forEach((turn, turnIndex) => {
    turn.parts.forEach((part, partIndex) => {
      const at = placeOf(part, turn, turnIndex, partIndex)
      if (part.type === 'tool-call') open.set(part.id ?? at, { call: part, turn: turnIndex, at })
      else if (part.type === 'tool-result' && !open.delete(part.callId ?? '')) orphans.set(part, at)
    })
  })
  return { missing: [...open.values()], orphans }
}

const refuse = ({ missing, orphans }: Unpaired, context: TranslationContext): never => {
  const [first] = missing
  if (first !== undefined) {
    return context.refuse(
      'a tool call without result',
      first.at,
      `no result follows the call ${first.call.id}`,
    )
  }
  const [orphan] = orphans
  const [part, at] = orphan ?? []
  return context.refuse(
    'a tool result without call',
    at ?? 'turns',
    `no unanswered call ${part?.callId ?? part?.name ?? ''} comes before it`,
  )
}

/** Fixed words, so that equal histories stay equal. */
const missingText = 'Tool result missing'

const repaired = (
  turns: readonly Turn[],
  { missing, orphans }: Unpaired,
  { warn }: TranslationContext,
): readonly Turn[] => {
  for (const at of orphans.values()) warn('dropped', 'tool result', at, 'no call comes before it')
  const isOrphan = (part: Part): boolean => part.type === 'tool-result' && orphans.has(part)
  const kept = mapParts(turns, (part) => (isOrphan(part) ? undefined : part))
  const added = new Map<number, ToolResultPart[]>()
  for (const { call, turn, at } of missing) {
    warn('approximated', 'tool call', at, `${missingText.toLowerCase()}: it is said to have failed`)
    const place = endOfAnswer(turns, turn)
    const results = added.get(place) ?? []
    results.push(failedResult(call))
    added.set(place, results)
  }
  const filled = kept.map((turn, index) => ({ turn, results: added.get(index) }))
  const sayable = new Set(withoutEmptied(kept, turns))
  return filled.flatMap(({ turn, results }): Turn[] => [
    ...(sayable.has(turn) ? [turn] : []),
    ...(results === undefined ? [] : [{ role: 'user' as const, parts: results }]),
  ])
}

/** The last turn of the assistant's in this answer: results stand behind all of it. */
const endOfAnswer = (turns: readonly Turn[], from: number): number => {
  let end = from
  while (turns[end + 1]?.role === 'assistant') end++
  return end
}

const failedResult = (call: ToolCallPart): ToolResultPart => ({
  type: 'tool-result',
  ...(call.id === undefined ? {} : { callId: call.id }),
  name: call.name,
  kind: call.kind,
  content: [{ type: 'text', text: missingText }],
  form: 'string',
  isError: true,
})
