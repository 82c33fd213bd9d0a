import { extensionOf, type GenerateRequest, type Part, type Turn } from '../../ir/index.ts'
import { RawJson } from '../../wire/index.ts'
import { noPartsNote, noRoleNote } from './decode-request.ts'
import { type EncodedPart, encodePart, type PartContext } from './encode-parts.ts'
import type { Losses } from './losses.ts'
import { writeMembers } from './read-object.ts'

/** Google's own value for a call whose signature is lost; Gemini 3 refuses the call without one. */
const skipSignature = 'skip_thought_signature_validator'

/** All turns but the preamble as `contents`. Requests of other protocols are merged into alternating turns. */
export const encodeTurns = (request: GenerateRequest, losses: Losses): readonly object[] => {
  const turns = request.turns.filter((turn) => turn.role !== 'system' || turn.placement === 'inline')
  const names = callNames(turns)
  const fromGemini = request.protocol === 'gemini'
  const encode = (turn: Turn, position: number): readonly EncodedPart[] => {
    const context: PartContext = {
      losses,
      path: `turns[${position}]`,
      keepThoughts: fromGemini,
      nameOf: (callId) => names.get(callId),
    }
    const parts = turn.role === 'system' ? turn.parts.map(asReminder) : turn.parts
    return parts.flatMap((part) => encodePart(part, context))
  }
  if (fromGemini) return turns.map((turn, position) => encodeTurn(turn, encode(turn, position)))
  return merged(
    turns.map((turn, position) => ({
      role: turn.role === 'assistant' ? 'model' : 'user',
      parts: encode(turn, position).filter((part) => !isEmptyText(part)),
    })),
    losses,
  )
}

const encodeTurn = (turn: Turn, parts: readonly EncodedPart[]): object => {
  const extension = extensionOf(turn, 'gemini')
  const role = turn.role === 'assistant' ? 'model' : 'user'
  return writeMembers(
    {
      role: extension[noRoleNote] === true || extension['role'] !== undefined ? undefined : role,
      parts: extension[noPartsNote] === true && parts.length === 0 ? undefined : parts,
    },
    extension,
  )
}

/** System text in the middle keeps its place, so that the prefix before it stays the same (translation.md §4.1). */
const asReminder = (part: Part): Part =>
  part.type === 'text' ? { type: 'text', text: `<system-reminder>${part.text}</system-reminder>` } : part

const isEmptyText = (part: EncodedPart): boolean =>
  !(part instanceof RawJson) && 'text' in part && part.text === '' && !('thoughtSignature' in part)

interface Content {
  readonly role: string
  readonly parts: readonly EncodedPart[]
}

const merged = (contents: readonly Content[], losses: Losses): readonly object[] => {
  const result: { readonly role: string; readonly parts: EncodedPart[] }[] = []
  for (const { role, parts } of contents) {
    if (parts.length === 0) continue
    const last = result.at(-1)
    if (last?.role === role) last.parts.push(...parts)
    else result.push({ role, parts: [...parts] })
  }
  const start = result.findLastIndex(({ role, parts }) => role === 'user' && !parts.some(isResult))
  result.forEach(({ role, parts }, position) => {
    if (role !== 'model' || position < start) return
    const first = parts.findIndex(isCall)
    const call = parts[first]
    if (call === undefined || call instanceof RawJson || 'thoughtSignature' in call) return
    parts[first] = { ...call, thoughtSignature: skipSignature }
    losses.add('approximated', 'thought signature', `contents[${position}]`, 'the call has no signature')
  })
  return result
}

const isCall = (part: EncodedPart): boolean => !(part instanceof RawJson) && 'functionCall' in part
const isResult = (part: EncodedPart): boolean => !(part instanceof RawJson) && 'functionResponse' in part

/** Call id → tool name: other protocols' results carry the id alone. */
const callNames = (turns: readonly Turn[]): ReadonlyMap<string, string> =>
  new Map(
    turns.flatMap((turn) =>
      turn.parts.flatMap((part): [string, string][] =>
        part.type === 'tool-call' && part.id !== undefined ? [[part.id, part.name]] : [],
      ),
    ),
  )
