/** Says single events in a chunk's delta. */
import {
  extensionOf,
  type ImagePart,
  type Part,
  type ReasoningPart,
  type ReasoningPiece,
  type ReasoningState,
  type StreamEvent,
  type ToolCallPart,
} from '../../ir/index.ts'
import { encodePart, isThinkingPart, protocol } from './encode-parts.ts'
import { optional } from './members.ts'
import { spellingOf } from './reasoning-fields.ts'
import { type Members, restore } from './remainder.ts'

export type Delta = Record<string, unknown>

export interface OpenCall {
  /** Undefined for the old form. */
  readonly index: number | undefined
  readonly kind: ToolCallPart['kind']
  sent: boolean
}

export interface OpenThought {
  readonly part: ReasoningPart
  readonly pieces: ReasoningPiece[]
  state: ReasoningState | undefined
}

/** The last place at which a choice thought aloud; undefined before the first. */
export interface ThoughtPlace {
  readonly index: number
  readonly piece: number
}

/**
 * Thoughts in the spelling of their source.
 * @param before where the choice thought last: pieces are paragraphs of one text
 */
export const sayThought = (
  thought: OpenThought | undefined,
  delta: Delta,
  event: Extract<StreamEvent, { type: 'reasoning-delta' }>,
  before: ThoughtPlace | undefined,
): void => {
  if (thought !== undefined && isThinkingPart(thought.part)) {
    push(delta, 'content', { type: 'thinking', thinking: [{ type: 'text', text: event.text }] })
    return
  }
  const spelling = thought === undefined ? 'reasoning_content' : spellingOf(thought.part)
  if (spelling === 'reasoning_details') {
    push(delta, 'reasoning_details', {
      ...(event.kind === 'summary'
        ? { type: 'reasoning.summary', summary: event.text }
        : { type: 'reasoning.text', text: event.text }),
      index: event.piece,
    })
    return
  }
  append(delta, spelling, afterThought(before, event))
}

/** A slice of a thought; the first of a piece begins a paragraph. */
export const afterThought = (
  before: ThoughtPlace | undefined,
  { index, piece, text }: Extract<StreamEvent, { type: 'reasoning-delta' }>,
): string =>
  before !== undefined && (before.index !== index || before.piece !== piece) ? `\n\n${text}` : text

/** Is it said in the field that most dialects have? */
export const isPlainThought = ({ part }: OpenThought): boolean =>
  !isThinkingPart(part) && spellingOf(part) === 'reasoning_content'

/** A slice of a call's arguments, in the entry that the chunk already has for it or a new one. */
export const sayArguments = (call: OpenCall | undefined, text: string, delta: Delta): void => {
  if (call === undefined) return
  call.sent = true
  if (call.index === undefined) {
    const said = delta['function_call']
    const before = isMembers(said) ? said : {}
    delta['function_call'] = { ...before, arguments: `${before['arguments'] ?? ''}${text}` }
    return
  }
  const [holder, member] = call.kind === 'custom' ? ['custom', 'input'] : ['function', 'arguments']
  const calls = Array.isArray(delta['tool_calls']) ? delta['tool_calls'] : []
  const at = calls.findIndex((entry: unknown) => isMembers(entry) && entry['index'] === call.index)
  const entry: unknown = calls[at]
  if (isMembers(entry)) {
    const before = isMembers(entry[holder]) ? entry[holder] : {}
    calls[at] = { ...entry, [holder]: { ...before, [member]: `${before[member] ?? ''}${text}` } }
  } else push(delta, 'tool_calls', { index: call.index, [holder]: { [member]: text } })
}

/**
 * Pictures and sound; other whole parts are not for the client.
 * @param images where pictures wait to be told together; undefined: they are told at once
 */
export const sayPart = (part: Part, delta: () => Delta, images: ImagePart[] | undefined): void => {
  if (part.type === 'image' && images !== undefined) images.push(part)
  else if (part.type === 'image') push(delta(), 'images', encodePart(part))
  else if (part.type === 'audio' && part.source.type === 'base64') {
    const said = { data: part.source.data, ...optional('transcript', part.transcript) }
    delta()['audio'] = restore(said, extensionOf(part, protocol))
  }
}

export const append = (delta: Delta, key: string, text: string): void => {
  const before = delta[key]
  delta[key] = `${typeof before === 'string' ? before : ''}${text}`
}

export const push = (delta: Delta, key: string, item: unknown): void => {
  const before = delta[key]
  delta[key] = Array.isArray(before) ? [...before, item] : [item]
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
