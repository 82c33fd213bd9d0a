import {
  type Extensions,
  extend,
  isJsonObject,
  type JsonObject,
  type Part,
  type ServerTool,
  type StreamEvent,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { citationsOf, toolPartsOf } from './decode-grounding.ts'
import { decodePart, isThought, stateOf } from './decode-parts.ts'
import type { HeldCalls } from './held-calls.ts'
import { type PartialArgs, partialArgs } from './partial-args.ts'
import { plainText } from './plain-chunk.ts'
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
  readonly held: HeldCalls
  /** All text that is no thought, for citations, which come last. */
  readonly texts: { readonly index: number; text: string }[]
  /** Tools of the provider's that have parts of their own. */
  readonly told: Set<ServerTool>
  grounding: JsonObject | undefined
  urlContext: JsonObject | undefined
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
  const plain = plainText(object)
  if (plain !== undefined) {
    pushText(plain, isThought(object), candidate, events)
    return
  }
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
    if (thought) {
      candidate.held.settle()
      reader.take('thought')
    }
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
    candidate.held.settle()
    if (signature === undefined) {
      const index = openPart('text', candidate, events)
      events.push({ type: 'text-delta', ...at, index, text, ...carried })
      addText(candidate, index, text)
      return
    }
    // A signature belongs to the part it came with, so that part is never merged with another.
    closePart(candidate, events)
    const index = candidate.next++
    const part: Part = { type: 'text', text: '', ...stateOf(signature), ...carried }
    events.push({ type: 'text-start', ...at, index, part })
    if (text !== '') events.push({ type: 'text-delta', ...at, index, text })
    events.push({ type: 'text-end', ...at, index })
    addText(candidate, index, text)
    return
  }
  if (pushPartialCall(object, candidate, signature, events)) return
  closePart(candidate, events)
  const part = decodePart(document, wire, noAnswers)
  const index = candidate.next++
  if (part.type === 'tool-call') {
    candidate.calls.add(part.id ?? part.name)
    const { raw: _raw, ...open } = part
    const call: readonly StreamEvent[] = [
      { type: 'tool-call-start', ...at, index, part: { ...open, input: '' } },
      { type: 'tool-call-delta', ...at, index, input: part.input },
      { type: 'tool-call-end', ...at, index },
    ]
    events.push(...call)
    candidate.held.hold(part, call)
    return
  }
  if (part.type === 'server-result' && part.tool === 'mcp') {
    if (part.callId !== undefined) candidate.calls.delete(part.callId)
    candidate.calls.delete(part.name)
    candidate.held.answer(part.callId, part.name)
  } else candidate.held.settle()
  if (part.type === 'server-call') candidate.told.add(part.tool)
  events.push({ type: 'part', ...at, index, part })
}

/** Text or thoughts with nothing beside them. */
const pushText = (text: string, thought: boolean, candidate: Candidate, events: StreamEvent[]): void => {
  const { at, held } = candidate
  if (held.isHolding) held.settle()
  if (thought) {
    const index = openPart('reasoning', candidate, events)
    events.push({ type: 'reasoning-delta', ...at, index, piece: 0, kind: 'summary', text })
    return
  }
  const index = openPart('text', candidate, events)
  events.push({ type: 'text-delta', ...at, index, text })
  addText(candidate, index, text)
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

const addText = (candidate: Candidate, index: number, text: string): void => {
  const last = candidate.texts.at(-1)
  if (last?.index === index) last.text += text
  else candidate.texts.push({ index, text })
}

/** What the metadata of the whole answer says of its parts: citations, and tools that ran at the provider. */
export const closeMetadata = (
  candidate: Candidate,
  responseId: string | undefined,
  events: StreamEvent[],
): void => {
  const { at, grounding, urlContext, texts, told } = candidate
  if (grounding !== undefined) {
    for (const { index, citation } of citationsOf(grounding, texts)) {
      events.push({ type: 'citation', ...at, index, citation })
    }
  }
  closePart(candidate, events)
  for (const part of toolPartsOf({ grounding, urlContext, responseId, told })) {
    events.push({ type: 'part', ...at, index: candidate.next++, part })
  }
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
