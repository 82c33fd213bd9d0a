import {
  type Extensions,
  extend,
  isJsonObject,
  type JsonObject,
  type Part,
  type StreamEvent,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { decodePart, isThought, stateOf } from './decode-parts.ts'
import { type PartialArgs, partialArgs } from './partial-args.ts'
import { readObject } from './read-object.ts'
import { assembledNote, verbatimPart } from './stream-marks.ts'

interface OpenPart {
  readonly kind: 'text' | 'reasoning'
  readonly index: number
}

/** How far one candidate of a stream has come. */
export interface Candidate {
  readonly at: { readonly choice?: number }
  next: number
  open: OpenPart | undefined
  partial:
    | {
        readonly name: string
        readonly wire: JsonObject
        readonly args: PartialArgs
        state: string | undefined
      }
    | undefined
  /** Names and ids of calls without an answer in the same turn. */
  readonly calls: Set<string>
  finish: { readonly reason: unknown; readonly message: unknown } | undefined
  extensions: Extensions | undefined
}

/** One part of a chunk as events. */
export const pushPart = (
  document: JsonDocument,
  wire: unknown,
  candidate: Candidate,
  events: StreamEvent[],
): void => {
  const { at } = candidate
  const object = isJsonObject(wire) ? wire : {}
  const reader = readObject(object)
  const text = reader.string('text')
  const signature = reader.string('thoughtSignature')
  if (text !== undefined) {
    if (text === '' && signature === undefined) {
      // It says nothing (often it carries the finish reason), so it opens no part.
      events.push({ type: 'extension', extensions: { gemini: { [verbatimPart]: object, ...at } } })
      return
    }
    const thought = isThought(object)
    if (thought) reader.take('thought')
    const { extensions } = extend('gemini', reader.rest())
    const carried = extensions === undefined ? {} : { extensions }
    if (thought) {
      const index = openPart('reasoning', candidate, events)
      events.push({ type: 'reasoning-delta', ...at, index, piece: 0, kind: 'summary', text, ...carried })
      if (signature === undefined) return
      events.push({ type: 'reasoning-end', ...at, index, ...stateOf(signature) })
      candidate.open = undefined
      return
    }
    if (signature === undefined) {
      const index = openPart('text', candidate, events)
      events.push({ type: 'text-delta', ...at, index, text, ...carried })
      return
    }
    // A signature belongs to the part it came with, so that part is never merged with another.
    closePart(candidate, events)
    const index = candidate.next++
    const part: Part = { type: 'text', text: '', ...stateOf(signature), ...carried }
    events.push({ type: 'text-start', ...at, index, part })
    if (text !== '') events.push({ type: 'text-delta', ...at, index, text })
    events.push({ type: 'text-end', ...at, index })
    return
  }
  if (pushPartialCall(object, candidate, signature, events)) return
  closePart(candidate, events)
  const part = decodePart(document, wire, noAnswers)
  const index = candidate.next++
  if (part.type === 'tool-call') {
    candidate.calls.add(part.id ?? part.name)
    const { raw: _raw, ...open } = part
    events.push({ type: 'tool-call-start', ...at, index, part: { ...open, input: '' } })
    events.push({ type: 'tool-call-delta', ...at, index, input: part.input })
    events.push({ type: 'tool-call-end', ...at, index })
    return
  }
  if (part.type === 'server-result' && part.tool === 'mcp') {
    if (part.callId !== undefined) candidate.calls.delete(part.callId)
    candidate.calls.delete(part.name)
  }
  events.push({ type: 'part', ...at, index, part })
}

const noAnswers: ReadonlySet<string> = new Set()

const openPart = (kind: OpenPart['kind'], candidate: Candidate, events: StreamEvent[]): number => {
  if (candidate.open?.kind === kind) return candidate.open.index
  closePart(candidate, events)
  const index = candidate.next++
  candidate.open = { kind, index }
  events.push(
    kind === 'text'
      ? { type: 'text-start', ...candidate.at, index, part: { type: 'text', text: '' } }
      : { type: 'reasoning-start', ...candidate.at, index, part: { type: 'reasoning', pieces: [] } },
  )
  return index
}

/** Ends the open text or thoughts, if any. */
export const closePart = (candidate: Candidate, events: StreamEvent[]): void => {
  if (candidate.open === undefined) return
  const { kind, index } = candidate.open
  events.push({ type: kind === 'text' ? 'text-end' : 'reasoning-end', ...candidate.at, index })
  candidate.open = undefined
}

/** A call whose arguments come in pieces: kept until the piece that no other follows. */
const pushPartialCall = (
  wire: JsonObject,
  candidate: Candidate,
  signature: string | undefined,
  events: StreamEvent[],
): boolean => {
  const call = readObject(wire).object('functionCall')
  if (call === undefined) return false
  const reader = readObject(call)
  const pieces = reader.list('partialArgs')
  const goesOn = reader.boolean('willContinue') === true
  const name = reader.string('name')
  if (pieces === undefined && !goesOn && (candidate.partial === undefined || name !== undefined)) return false
  if (name !== undefined || candidate.partial === undefined) {
    closeCall(candidate, events)
    candidate.partial = { name: name ?? '', wire: call, args: partialArgs(), state: undefined }
  }
  if (signature !== undefined) candidate.partial.state = signature
  candidate.partial.args.add(pieces ?? [])
  events.push({ type: 'extension', extensions: { gemini: { [verbatimPart]: wire, ...candidate.at } } })
  if (!goesOn) closeCall(candidate, events)
  return true
}

/** Ends a call whose arguments came in pieces, if one is open. */
export const closeCall = (candidate: Candidate, events: StreamEvent[]): void => {
  if (candidate.partial === undefined) return
  const { name, wire, args, state } = candidate.partial
  candidate.partial = undefined
  closePart(candidate, events)
  const index = candidate.next++
  const id = typeof wire['id'] === 'string' ? { id: wire['id'] } : {}
  candidate.calls.add(id.id ?? name)
  const { at } = candidate
  const part: Part = {
    type: 'tool-call',
    kind: 'function',
    ...id,
    name,
    input: '',
    ...stateOf(state),
    ...extend('gemini', { [assembledNote]: true }),
  }
  events.push({ type: 'tool-call-start', ...at, index, part })
  events.push({ type: 'tool-call-delta', ...at, index, input: args.text() })
  events.push({ type: 'tool-call-end', ...at, index })
}
