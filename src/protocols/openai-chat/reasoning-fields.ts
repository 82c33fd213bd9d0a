/**
 * Thoughts in dialects of Chat Completions stand in fields of the message or delta: `reasoning_content` (DeepSeek, xAI,
 * vLLM, z.ai), `reasoning` (OpenRouter, Groq), `reasoning_details` (OpenRouter; text, summary and state by piece).
 */
import {
  extend,
  extensionOf,
  type JsonObject,
  type JsonValue,
  type ReasoningPart,
  type ReasoningPiece,
  type ReasoningState,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { protocol } from './encode-parts.ts'
import { arrayOf, numberOf, objectOf, stringOf } from './members.ts'
import { type Members, remainder, restore, spellingKey } from './remainder.ts'

export const reasoningKeys = ['reasoning_content', 'reasoning', 'reasoning_details'] as const
export type ReasoningSpelling = 'reasoning_content' | 'reasoning' | 'reasoning_details'

/**
 * A message's reasoning fields: one part, or as many as its details number, where several have a state or words of
 * their own beside one. Those keep no spelling: the message does.
 */
export const decodeReasoning = (message: JsonObject, document: JsonDocument): readonly ReasoningPart[] => {
  const numbered = numberedParts(message['reasoning_details'])
  if (numbered.length > 1) return numbered
  const part = onePart(message, document)
  return part === undefined ? [] : [part]
}

const numberedParts = (details: unknown): readonly ReasoningPart[] => {
  const items = arrayOf(details)
  const groups = new Map<number, JsonValue[]>()
  for (const item of items) {
    const index = numberOf(objectOf(item)?.['index'])
    if (index === undefined) return []
    const group = groups.get(index)
    if (group === undefined) groups.set(index, [item])
    else group.push(item)
  }
  if (groups.size < 2 || stateOfDetails(items) === undefined) return []
  return [...groups].map(([, group]) => {
    const state = stateOfDetails(group)
    return { type: 'reasoning', pieces: piecesOfDetails(group), ...(state === undefined ? {} : { state }) }
  })
}

const onePart = (message: JsonObject, document: JsonDocument): ReasoningPart | undefined => {
  const fields = pick(message)
  const found = textOf(fields)
  const state = stateOfDetails(fields['reasoning_details'])
  if (found === undefined && state === undefined) return undefined
  const part: ReasoningPart = {
    type: 'reasoning',
    pieces: found?.pieces ?? [],
    ...(state === undefined ? {} : { state }),
    ...(found === undefined || found.spelling === 'reasoning_content'
      ? {}
      : { extensions: { [protocol]: { [spellingKey]: found.spelling } } }),
  }
  const rest = remainder(fields, canonicalReasoning(part), document)
  return { ...part, ...extend(protocol, { ...part.extensions?.[protocol], ...rest }) }
}

/** The fields that say the thoughts of a message. */
export const encodeReasoning = (parts: readonly ReasoningPart[]): Members => {
  const [first] = parts
  if (first === undefined) return {}
  if (parts.length === 1) return restore(canonicalReasoning(first), extensionOf(first, protocol))
  const text = joinedThoughts(parts)
  const details = stateDetails(parts)
  return {
    ...(text === '' ? {} : { reasoning_content: text }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  }
}

/** The fields without the part's extension. Summaries are paragraphs of one text. */
export const canonicalReasoning = (part: ReasoningPart): Members => {
  const spelling = spellingOf(part)
  const text = part.pieces.map((piece) => piece.text).join('\n\n')
  const details = part.state === undefined ? [] : [stateDetail(part.state)]
  if (spelling === 'reasoning_details') {
    return { reasoning_details: [...part.pieces.map(pieceDetail), ...details] }
  }
  return {
    ...(part.pieces.length === 0 ? {} : { [spelling]: text }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  }
}

export const spellingOf = (part: ReasoningPart): ReasoningSpelling => {
  const spelling = extensionOf(part, protocol)[spellingKey]
  return spelling === 'reasoning' || spelling === 'reasoning_details' ? spelling : 'reasoning_content'
}

/** The detail that carries opaque state: of our own dialects in their own kind. */
export const stateDetail = (state: ReasoningState, index = 0): JsonObject =>
  state.protocol === protocol && state.kind === 'signature'
    ? { type: 'reasoning.text', text: '', signature: state.value, index }
    : { type: 'reasoning.encrypted', data: state.value, index }

/** Thoughts of an answer as one text: their pieces are its paragraphs. */
export const joinedThoughts = (parts: readonly ReasoningPart[]): string =>
  parts
    .flatMap(({ pieces }) => pieces.map(({ text }) => text))
    .filter((text) => text !== '')
    .join('\n\n')

/**
 * The states of an answer's thoughts. Beside one thought its state is all; of several each is told with its own words,
 * so that they find together again.
 */
export const stateDetails = (parts: readonly ReasoningPart[]): readonly JsonObject[] => {
  if (!parts.some((part) => part.state !== undefined)) return []
  const told = parts
    .map((part) => ({ ...part, pieces: part.pieces.filter(({ text }) => text !== '') }))
    .filter((part) => part.state !== undefined || part.pieces.length > 0)
  return told.flatMap((part, index) => [
    ...(told.length === 1 ? [] : part.pieces.map((piece) => pieceDetail(piece, index))),
    ...(part.state === undefined ? [] : [stateDetail(part.state, index)]),
  ])
}

/** State in a list of details: a signature, or an encrypted blob. The last one counts. */
export const stateOfDetails = (details: unknown): ReasoningState | undefined =>
  statesOfDetails(details).at(-1)

/** Every state in a list of details, in their order. */
export const statesOfDetails = (details: unknown): readonly ReasoningState[] => {
  const states: ReasoningState[] = []
  for (const item of arrayOf(details)) {
    const detail = objectOf(item)
    const signature = stringOf(detail?.['signature'])
    const data = detail?.['type'] === 'reasoning.encrypted' ? stringOf(detail['data']) : undefined
    if (signature !== undefined && signature !== '') {
      states.push({ protocol, kind: 'signature', value: signature })
    } else if (data !== undefined) states.push({ protocol, kind: 'encrypted', value: data })
  }
  return states
}

/** Readable pieces in a list of details. */
export const piecesOfDetails = (details: unknown): readonly ReasoningPiece[] =>
  arrayOf(details).flatMap((item): readonly ReasoningPiece[] => {
    const detail = objectOf(item)
    const summary = stringOf(detail?.['summary'])
    if (summary !== undefined) return summary === '' ? [] : [{ kind: 'summary', text: summary }]
    const text = stringOf(detail?.['text'])
    return text === undefined || text === '' ? [] : [{ kind: 'text', text }]
  })

const pieceDetail = (piece: ReasoningPiece, index: number): JsonObject =>
  piece.kind === 'summary'
    ? { type: 'reasoning.summary', summary: piece.text, index }
    : { type: 'reasoning.text', text: piece.text, index }

const pick = (message: JsonObject): JsonObject =>
  Object.fromEntries(
    reasoningKeys.flatMap((key) => (Object.hasOwn(message, key) ? [[key, message[key]]] : [])),
  )

const textOf = (
  fields: JsonObject,
): { readonly spelling: ReasoningSpelling; readonly pieces: readonly ReasoningPiece[] } | undefined => {
  for (const spelling of ['reasoning_content', 'reasoning'] as const) {
    const text = stringOf(fields[spelling])
    if (text !== undefined && text !== '') return { spelling, pieces: [{ kind: 'text', text }] }
  }
  const pieces = piecesOfDetails(fields['reasoning_details'])
  return pieces.length === 0 ? undefined : { spelling: 'reasoning_details', pieces }
}
