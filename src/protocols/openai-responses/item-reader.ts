/** Readers of one item of a stream each: what has begun, what has been said of it, and how it ends. */
import {
  type JsonObject,
  type Part,
  type ReasoningPiece,
  replay,
  type StreamEvent,
  type ToolCallPart,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { answerParts, type DecodedItem, itemPatch } from './decode-items.ts'
import { numberMember, stringMember } from './members.ts'
import { messageReader } from './message-reader.ts'
import { protocolId } from './wire.ts'
import { writeCall, writeReasoning } from './write-items.ts'

/** Gives the index of the next part. */
export type NextPart = () => number

export interface ItemReader {
  readonly id: string | undefined
  begin(nextPart: NextPart): readonly StreamEvent[]
  progress(type: string, data: JsonObject, document: JsonDocument, nextPart: NextPart): readonly StreamEvent[]
  done(
    item: JsonObject,
    decoded: DecodedItem,
    document: JsonDocument,
    nextPart: NextPart,
  ): readonly StreamEvent[]
  /** The stream is over, and the item never was. */
  abandon(): readonly StreamEvent[]
}

export const itemReader = (item: JsonObject): ItemReader => {
  const type = stringMember(item, 'type') ?? ''
  switch (type) {
    case 'message':
      return messageReader(item)
    case 'reasoning':
      return reasoningReader(item)
    case 'function_call':
    case 'custom_tool_call':
      return stringMember(item, 'name') === undefined
        ? otherReader(item)
        : callReader(item, type === 'function_call' ? 'function' : 'custom')
    default:
      return otherReader(item)
  }
}

const reasoningReader = (item: JsonObject): ItemReader => {
  let index = 0
  const pieces = new Map<string, { readonly number: number; text: string }>()
  const add = (kind: ReasoningPiece['kind'], place: number, text: string): readonly StreamEvent[] => {
    const key = `${kind} ${place}`
    let piece = pieces.get(key)
    if (piece === undefined) {
      piece = { number: pieces.size, text: '' }
      pieces.set(key, piece)
    } else if (text === '') return []
    piece.text += text
    return [{ type: 'reasoning-delta', index, piece: piece.number, kind, text }]
  }
  /** What deltas have left out of a piece, now that it is known whole. */
  const repair = (kind: ReasoningPiece['kind'], place: number, text: string): readonly StreamEvent[] => {
    const said = pieces.get(`${kind} ${place}`)?.text
    if (said === undefined) return add(kind, place, text)
    return text.length > said.length && text.startsWith(said) ? add(kind, place, text.slice(said.length)) : []
  }
  return {
    id: stringMember(item, 'id'),
    begin: (nextPart) => {
      index = nextPart()
      const part = { type: 'reasoning', pieces: [] } as const
      const patch = itemPatch(item, writeReasoning(part, 'answer'), 'answer')
      return [
        { type: 'reasoning-start', index, part: { ...part, extensions: { [protocolId]: { item: patch } } } },
      ]
    },
    progress(type, data) {
      const summary = numberMember(data, 'summary_index') ?? 0
      const content = numberMember(data, 'content_index') ?? 0
      switch (type) {
        case 'response.reasoning_summary_text.delta':
          return add('summary', summary, stringMember(data, 'delta') ?? '')
        case 'response.reasoning_summary_text.done':
          return repair('summary', summary, stringMember(data, 'text') ?? '')
        case 'response.reasoning_text.delta':
          return add('text', content, stringMember(data, 'delta') ?? '')
        case 'response.reasoning_text.done':
          return repair('text', content, stringMember(data, 'text') ?? '')
        default:
          return []
      }
    },
    done(_item, decoded) {
      const [part] = decoded.parts
      if (part?.type !== 'reasoning') return [{ type: 'reasoning-end', index }]
      const places = { summary: 0, text: 0 }
      const repairs = part.pieces.flatMap((piece) => repair(piece.kind, places[piece.kind]++, piece.text))
      return [
        ...repairs,
        {
          type: 'reasoning-end',
          index,
          ...(part.state === undefined ? {} : { state: part.state }),
          extensions: { [protocolId]: { item: decoded.patch } },
        },
      ]
    },
    abandon: () => [{ type: 'reasoning-end', index }],
  }
}

const callReader = (item: JsonObject, kind: ToolCallPart['kind']): ItemReader => {
  let index = 0
  let said = ''
  const add = (input: string): readonly StreamEvent[] => {
    said += input
    return input === '' ? [] : [{ type: 'tool-call-delta', index, input }]
  }
  const repair = (input: string): readonly StreamEvent[] =>
    input.length > said.length && input.startsWith(said) ? add(input.slice(said.length)) : []
  return {
    id: stringMember(item, 'id'),
    begin: (nextPart) => {
      index = nextPart()
      const id = stringMember(item, 'call_id')
      const namespace = stringMember(item, 'namespace')
      const part: ToolCallPart = {
        type: 'tool-call',
        ...(id === undefined ? {} : { id }),
        name: stringMember(item, 'name') ?? '',
        kind,
        input: '',
        ...(namespace === undefined ? {} : { namespace }),
      }
      const { status: _status, ...patch } = itemPatch(
        item,
        writeCall(part, 'answer', 'in_progress'),
        'answer',
      )
      return [
        { type: 'tool-call-start', index, part: { ...part, extensions: { [protocolId]: { item: patch } } } },
      ]
    },
    progress(type, data) {
      switch (type) {
        case 'response.function_call_arguments.delta':
        case 'response.custom_tool_call_input.delta':
          return add(stringMember(data, 'delta') ?? '')
        case 'response.function_call_arguments.done':
          return repair(stringMember(data, 'arguments') ?? '')
        case 'response.custom_tool_call_input.done':
          return repair(stringMember(data, 'input') ?? '')
        default:
          return []
      }
    },
    done(_item, decoded) {
      const [part] = decoded.parts
      if (part?.type !== 'tool-call') return [{ type: 'tool-call-end', index }]
      return [
        ...repair(part.input),
        { type: 'tool-call-end', index, extensions: { [protocolId]: { item: decoded.patch } } },
      ]
    },
    abandon: () => [{ type: 'tool-call-end', index }],
  }
}

/** Items that are known only when they are done: only then do their parts open. */
const otherReader = (item: JsonObject): ItemReader => ({
  id: stringMember(item, 'id'),
  begin: () => [],
  progress: () => [],
  done: (_item, decoded, _document, nextPart) => wholeItem(decoded, nextPart),
  abandon: () => [],
})

/** The parts of an item that comes in one piece. */
export const wholeItem = (decoded: DecodedItem, nextPart: NextPart): readonly StreamEvent[] =>
  answerParts(decoded).flatMap((part) => wholePart(part, nextPart()))

const wholePart = (part: Part, index: number): readonly StreamEvent[] =>
  replay({ protocol: protocolId, choices: [{ index: 0, parts: [part] }] })
    .filter((event) => 'index' in event)
    .map((event) => ({ ...event, index }))
