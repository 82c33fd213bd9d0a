import {
  type Extensions,
  isJsonObject,
  type JsonObject,
  type Part,
  type PartStartEvent,
  type ReasoningPart,
  type StreamEvent,
  type ToolCallPart,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { decodeCitation } from './citations.ts'
import { decodeBlock } from './decode-parts.ts'
import { ownMember } from './members.ts'
import { own, ownRest } from './own.ts'
import { protocolId } from './wire.ts'

/** One content block on its way. */
export interface StreamedBlock {
  /** What `content_block_start` says. */
  readonly opening: readonly StreamEvent[]
  /** @returns undefined for a delta that does not fit the block */
  delta(delta: JsonObject, event: JsonObject): readonly StreamEvent[] | undefined
  /** Takes a ping or an unknown event that comes inside the block; absent: it passes by itself. */
  inner?(event: JsonObject): void
  close(): readonly StreamEvent[]
}

/** @param index number of the part in the answer */
export const openBlock = (content: JsonObject, index: number, document: JsonDocument): StreamedBlock => {
  const part = decodeBlock(content, document)
  switch (part.type) {
    case 'text':
      return openText(part, index)
    case 'reasoning':
      return openReasoning(part, index)
    case 'tool-call':
      return openToolCall(part, index)
    default:
      return openWhole(part, content, index)
  }
}

/** Members of a delta, and of the event around it, that the canonical delta has no word for. */
const deltaRest = (
  delta: JsonObject,
  event: JsonObject,
  known: string,
): { readonly extensions?: Extensions } => {
  const inner = Object.entries(delta).filter(([key]) => key !== 'type' && key !== known)
  const outer = Object.entries(event).filter(([key]) => key !== 'type' && key !== 'index' && key !== 'delta')
  if (inner.length === 0 && outer.length === 0) return {}
  return own({
    ...Object.fromEntries(outer),
    ...(inner.length === 0 ? {} : { delta: Object.fromEntries(inner) }),
  })
}

const stringOf = (object: JsonObject, key: string): string | undefined => {
  const value = ownMember(object, key)
  return typeof value === 'string' ? value : undefined
}

const openText = (part: PartStartEvent['part'], index: number): StreamedBlock => ({
  opening: [{ type: 'text-start', index, part }],
  delta(delta, event) {
    const type = ownMember(delta, 'type')
    const text = stringOf(delta, 'text')
    if (type === 'text_delta' && text !== undefined) {
      return [{ type: 'text-delta', index, text, ...deltaRest(delta, event, 'text') }]
    }
    const citation = ownMember(delta, 'citation')
    return type === 'citations_delta' && isJsonObject(citation)
      ? [{ type: 'citation', index, citation: decodeCitation(citation) }]
      : undefined
  },
  close: () => [{ type: 'text-end', index }],
})

/** The signature comes after all thinking and is assigned, not appended. `""` in the start says nothing yet. */
const openReasoning = (part: ReasoningPart, index: number): StreamedBlock => {
  const { state, pieces, ...bare } = part
  const isSaid = state !== undefined && state.value !== ''
  const starts =
    state !== undefined && !isSaid ? { ...bare, ...own({ ...ownRest(part), signature: '' }) } : bare
  let signature: string | undefined
  return {
    opening: [
      {
        type: 'reasoning-start',
        index,
        part: { ...starts, pieces: [], ...(isSaid ? { state } : {}) },
      },
      ...pieces.map((piece, number) => ({
        type: 'reasoning-delta' as const,
        index,
        piece: number,
        ...piece,
      })),
    ],
    delta(delta, event) {
      const type = ownMember(delta, 'type')
      const text = stringOf(delta, 'thinking')
      if (type === 'thinking_delta' && text !== undefined) {
        const rest = deltaRest(delta, event, 'thinking')
        return [{ type: 'reasoning-delta', index, piece: 0, kind: 'summary', text, ...rest }]
      }
      const value = stringOf(delta, 'signature')
      if (type !== 'signature_delta' || value === undefined) return undefined
      signature = value
      return []
    },
    close: () => [
      {
        type: 'reasoning-end',
        index,
        ...(signature === undefined
          ? {}
          : { state: { protocol: protocolId, kind: 'signature', value: signature } }),
      },
    ],
  }
}

/**
 * Arguments come as slices of their source. Some servers put them whole into the start instead; what they then may
 * repeat in slices is not said twice.
 */
const openToolCall = (part: ToolCallPart, index: number): StreamedBlock => {
  const whole = isEmptyObject(part.input) ? '' : part.input
  const start: ToolCallPart = { ...part, input: '' }
  return {
    opening:
      whole === ''
        ? [{ type: 'tool-call-start', index, part: start }]
        : [
            {
              type: 'tool-call-start',
              index,
              part: { ...start, ...own({ ...ownRest(part), input: inStart }) },
            },
            { type: 'tool-call-delta', index, input: whole },
          ],
    delta(delta, event) {
      const input = stringOf(delta, 'partial_json')
      if (ownMember(delta, 'type') !== 'input_json_delta' || input === undefined) return undefined
      if (whole !== '') return []
      return [{ type: 'tool-call-delta', index, input, ...deltaRest(delta, event, 'partial_json') }]
    },
    close: () => [{ type: 'tool-call-end', index }],
  }
}

/** Extension member `input` of a call whose arguments stood in its start. */
export const inStart = 'start'

const isEmptyObject = (source: string): boolean => /^\s*(\{\s*\})?\s*$/.test(source)

/**
 * Blocks that become one part at their end: calls that the provider runs itself, and blocks that are complete in
 * their start. The events inside the block, pings too, are kept as the part's extension `events`, so that the same
 * protocol gets the same stream back.
 */
const openWhole = (part: Part, content: JsonObject, index: number): StreamedBlock => {
  const events: JsonObject[] = []
  let current = part
  let input = ''
  return {
    opening: [],
    inner(event) {
      events.push(event)
    },
    delta(delta, event) {
      const { index: _index, ...said } = event
      events.push(said)
      const type = ownMember(delta, 'type')
      if (type === 'compaction_delta') current = withMembers(current, content, delta)
      if (type === 'input_json_delta') input += stringOf(delta, 'partial_json') ?? ''
      return []
    },
    close() {
      const complete = current.type === 'server-call' && input.trim() !== '' ? { ...current, input } : current
      return [
        {
          type: 'part',
          index,
          part: events.length === 0 ? complete : { ...complete, ...own({ ...ownRest(complete), events }) },
        },
      ]
    },
  }
}

/** Compaction starts with null and gets its value in one delta. */
const withMembers = (part: Part, content: JsonObject, delta: JsonObject): Part => {
  if (part.type !== 'opaque') return part
  const { type: _type, ...members } = delta
  return { ...part, raw: { protocol: protocolId, json: JSON.stringify({ ...content, ...members }) } }
}
