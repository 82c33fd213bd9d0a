/**
 * Thoughts in dialects of Chat Completions stand in fields of the message or delta: `reasoning_content` (DeepSeek, xAI,
 * vLLM, z.ai), `reasoning` (OpenRouter, Groq), `reasoning_details` (OpenRouter; text, summary and state by piece).
 */
import {
  extend,
  extensionOf,
  type JsonObject,
  type ReasoningPart,
  type ReasoningPiece,
  type ReasoningState,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { protocol } from './encode-parts.ts'
import { arrayOf, objectOf, stringOf } from './members.ts'
import { type Members, remainder, restore, spellingKey } from './remainder.ts'

export const reasoningKeys = ['reasoning_content', 'reasoning', 'reasoning_details'] as const
export type ReasoningSpelling = 'reasoning_content' | 'reasoning' | 'reasoning_details'

/** A message's reasoning fields as one part; undefined when they hold none. */
export const decodeReasoning = (message: JsonObject, document: JsonDocument): ReasoningPart | undefined => {
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

/** The fields that say a reasoning part. */
export const encodeReasoning = (part: ReasoningPart): Members =>
  restore(canonicalReasoning(part), extensionOf(part, protocol))

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

/** The detail that carries opaque state: the source's own kind of it. */
export const stateDetail = (state: ReasoningState): JsonObject =>
  state.kind === 'signature'
    ? { type: 'reasoning.text', text: '', signature: state.value, index: 0 }
    : { type: 'reasoning.encrypted', data: state.value, index: 0 }

/** State in a list of details: a signature, or an encrypted blob. The last one counts. */
export const stateOfDetails = (details: unknown): ReasoningState | undefined => {
  let state: ReasoningState | undefined
  for (const item of arrayOf(details)) {
    const detail = objectOf(item)
    const signature = stringOf(detail?.['signature'])
    const data = detail?.['type'] === 'reasoning.encrypted' ? stringOf(detail['data']) : undefined
    if (signature !== undefined && signature !== '') {
      state = { protocol, kind: 'signature', value: signature }
    } else if (data !== undefined) state = { protocol, kind: 'encrypted', value: data }
  }
  return state
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
