/**
 * What a recorded stream did otherwise than our encoder would. The decoder asks an encoder of its own what it would
 * write for the events that it has just read, and carries the difference beside the events, so that the same protocol
 * gets its stream back: padding, odd numbers, frames of its own, missing ones.
 */
import {
  type Extensions,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type StreamEvent,
} from '../../ir/index.ts'
import { type SseFrame, writeJson } from '../../wire/index.ts'
import { isJsonArray, numberMember, stringMember } from './members.ts'
import { patched, patchOf, type Written } from './patch.ts'
import type { Frame } from './wire.ts'
import { protocolId } from './wire.ts'

/** A frame of the wire with its data parsed; data that is no object stays text. */
export interface WireFrame {
  readonly event: string | undefined
  readonly data: JsonObject | string
}

/**
 * The differences, one for each frame of the wire; undefined when there are none.
 * A difference has the frame's `$type` and a patch, `$event` where the event's name is not its type, and `$data` for
 * what is no JSON object.
 */
export const annotate = (
  wire: readonly WireFrame[],
  written: readonly Frame[],
  firstNumber: number,
): readonly JsonObject[] | undefined => {
  const [frame, base] = [wire[0], written[0]]
  if (wire.length === 1 && written.length === 1 && frame !== undefined && base !== undefined) {
    const extras = extrasOf(frame, base, firstNumber)
    if (extras === none) return undefined
    if (extras !== undefined) return [{ ...extras, $type: base.type }]
  }
  const bases = matcher(written)
  let number = firstNumber
  let isPlain = wire.length === written.length
  const differences = wire.map((frame): JsonObject => {
    if (typeof frame.data === 'string') {
      isPlain = false
      return { ...eventName(frame, ''), $data: frame.data }
    }
    const type = stringMember(frame.data, 'type') ?? ''
    const base = bases(type)
    if (base === undefined) isPlain = false
    const patch = patchOf(frame.data, numbered(base ?? { type }, number))
    number = (numberMember(frame.data, 'sequence_number') ?? number) + 1
    const difference = { ...patch, $type: type, ...eventName(frame, type) }
    if (Object.keys(difference).length > 1) isPlain = false
    return difference
  })
  return isPlain ? undefined : differences
}

const none: JsonObject = {}

/**
 * Most frames are deltas as we would write them, but for padding of the provider's: the members that it has beyond
 * ours, found without a walk. Undefined where more than that is different.
 */
const extrasOf = ({ event, data }: WireFrame, base: Frame, number: number): JsonObject | undefined => {
  if (typeof data === 'string' || event !== base.type || !base.type.endsWith('.delta')) return undefined
  let same = 0
  let extras: Record<string, JsonValue | undefined> | undefined
  for (const key in data) {
    if (key.startsWith('$') || key === '__proto__') return undefined
    const value = data[key]
    const ours: unknown = key === 'sequence_number' ? number : Reflect.get(base, key)
    if (ours === undefined) {
      extras ??= {}
      extras[key] = value
    } else if (value === ours || (isEmptyList(value) && isEmptyList(ours))) same++
    else return undefined
  }
  return same === Object.keys(base).length + 1 ? (extras ?? none) : undefined
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0

const eventName = (frame: WireFrame, type: string): JsonObject =>
  frame.event === type ? {} : { $event: frame.event ?? null }

/** Our own frames with the differences applied. */
export const reproduce = (
  differences: readonly JsonValue[],
  written: readonly Frame[],
  firstNumber: number,
): {
  readonly frames: readonly SseFrame[]
  readonly nextNumber: number
  readonly data: readonly Written[]
} => {
  const bases = matcher(written)
  let number = firstNumber
  const data: Written[] = []
  const frames = differences.filter(isJsonObject).map((difference): SseFrame => {
    const text = stringMember(difference, '$data')
    if (text !== undefined) return sseFrame(difference, '', text)
    const type = stringMember(difference, '$type') ?? ''
    const event = patched(numbered(bases(type) ?? { type }, number), difference)
    const given = event['sequence_number']
    number = (typeof given === 'number' ? given : number) + 1
    data.push(event)
    return sseFrame(difference, type, writeJson(event))
  })
  return { frames, nextNumber: number, data }
}

const sseFrame = (difference: JsonObject, type: string, data: string): SseFrame => {
  if (!Object.hasOwn(difference, '$event')) return { event: type, data }
  const event = stringMember(difference, '$event')
  return event === undefined ? { data } : { event, data }
}

/** The number stands right behind the type, as the service writes it. */
export const numbered = ({ type, ...members }: { readonly type: string }, number: number): Written => ({
  type,
  sequence_number: number,
  ...members,
})

/** Finds the next of our frames with a type; those that it passes over were not on the wire. */
const matcher = (written: readonly Frame[]) => {
  let next = 0
  return (type: string): Frame | undefined => {
    for (let index = next; index < written.length; index++) {
      const frame = written[index]
      if (frame?.type !== type) continue
      next = index + 1
      return frame
    }
    return undefined
  }
}

/** Puts differences on an event: on a delta itself, before every other kind. */
export const carried = (event: StreamEvent, differences: readonly JsonObject[]): readonly StreamEvent[] => {
  const extensions: Extensions = { [protocolId]: { $frames: differences } }
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta':
    case 'tool-call-delta':
      return [{ ...event, extensions }]
    default:
      return [{ type: 'extension', extensions }, event]
  }
}

/** The differences that an event carries, for itself or for the next one. */
export const differencesOf = (event: StreamEvent): readonly JsonValue[] | undefined => {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta':
    case 'tool-call-delta':
    case 'extension': {
      const differences = event.extensions?.[protocolId]?.['$frames']
      return isJsonArray(differences) ? differences : undefined
    }
    default:
      return undefined
  }
}
