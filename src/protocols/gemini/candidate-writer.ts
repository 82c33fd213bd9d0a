import {
  type CitationEvent,
  extensionOf,
  type Node,
  type Part,
  type ReasoningDeltaEvent,
  type ReasoningState,
  type RefusalDeltaEvent,
  type TextDeltaEvent,
} from '../../ir/index.ts'
import { RawJson } from '../../wire/index.ts'
import { type EncodedPart, encodePart, type PartContext } from './encode-parts.ts'
import { type PartEvent, partQueue } from './part-queue.ts'
import { writeMembers } from './read-object.ts'
import { assembledNote } from './stream-marks.ts'
import { type CandidateMetadata, groundingWriter } from './write-grounding.ts'

/** Where the parts of a candidate go. */
export interface PartSink {
  /** A chunk of Gemini's own is being put together again: everything goes back as it came. */
  readonly isVerbatim: boolean
  /** @param index of the canonical part */
  emit(part: EncodedPart, index: number): void
  /** Plain text without anything beside it, of which most streams consist. */
  text(text: string, index: number): void
  /** Adds to the part that was emitted last, if it was of the same canonical part. */
  amend(members: object, index: number): boolean
}

/** Writes the parts of one candidate, one after the other. */
export interface CandidateWriter {
  push(event: PartEvent): void
  cite(event: CitationEvent): void
  /** Closes what is open. @returns the part with which the last chunk closes the candidate */
  finish(): EncodedPart
  metadata(): CandidateMetadata
  readonly hasSaid: boolean
}

interface OpenPart {
  readonly part: Part
  /** Arguments of a call so far. */
  input: string
  piece: number
  isFirst: boolean
  /** The first half of a character that was cut in two. */
  half: string
}

export const candidateWriter = (sinkOf: () => PartSink, context: PartContext): CandidateWriter => {
  const grounding = groundingWriter()
  let open: OpenPart | undefined
  let openIndex = 0
  /** State of thoughts that waits for the part that carries it. */
  let signature: string | undefined
  let hasSaid = false

  const emit = (part: EncodedPart, index: number): void => {
    hasSaid = true
    sinkOf().emit(part, index)
  }
  const sign = (index: number): void => {
    if (signature !== undefined) emit({ text: '', thoughtSignature: signature }, index)
    signature = undefined
  }
  /** A part that is no thought: it carries the state that waits, unless it has one of its own. */
  const say = (part: EncodedPart, index: number): void => {
    if (signature === undefined || part instanceof RawJson || 'thoughtSignature' in part) {
      sign(index)
      emit(part, index)
      return
    }
    emit({ ...part, thoughtSignature: signature }, index)
    signature = undefined
  }
  const keepState = (state: ReasoningState | undefined, index: number): void => {
    if (state === undefined) return
    sign(index)
    signature = state.value
  }

  const sayText = (text: string, index: number, more: object): void => {
    const sink = sinkOf()
    if (!sink.isVerbatim) grounding.say(index, text)
    if (signature === undefined && more === nothing) {
      hasSaid = true
      sink.text(text, index)
    } else say({ text, ...more }, index)
  }
  const think = (text: string, index: number, more: object): void => {
    if (sinkOf().isVerbatim || (context.showsThoughts && text !== ''))
      emit({ text, thought: true, ...more }, index)
  }
  /** What the event, and with the first one the part, hold beside. */
  const moreOf = (event: Pick<Node, 'extensions'>, part: OpenPart): object => {
    const isFirst = part.isFirst
    part.isFirst = false
    const own = event.extensions?.gemini
    const first = isFirst ? part.part.extensions?.gemini : undefined
    return own === undefined && first === undefined ? nothing : writeMembers({}, { ...first, ...own })
  }

  const onText = (event: TextDeltaEvent | RefusalDeltaEvent): void => {
    if (open === undefined) return
    const text = wholeCharacters(event.text, open)
    if (text !== '') sayText(text, event.index, moreOf(event, open))
  }
  const onThought = (event: ReasoningDeltaEvent): void => {
    if (open === undefined) return
    const isNext = event.piece !== open.piece
    open.piece = event.piece
    const text = sinkOf().isVerbatim ? event.text : wholeCharacters(event.text, open)
    think(isNext ? `\n\n${text}` : text, event.index, moreOf(event, open))
  }
  const start = (part: Part, index: number): void => {
    open = { part, input: '', piece: 0, isFirst: true, half: '' }
    openIndex = index
    if (part.type === 'text' || part.type === 'refusal') {
      keepState(part.state, index)
      if (part.text !== '') sayText(part.text, index, moreOf({}, open))
    } else if (part.type === 'reasoning') {
      part.pieces.forEach(({ text }, piece) => {
        think(piece === 0 ? text : `\n\n${text}`, index, {})
      })
    } else if (part.type === 'tool-call') open.input = part.input
  }
  const end = (index: number, state: ReasoningState | undefined): void => {
    if (open === undefined) return
    const { part, half } = open
    switch (part.type) {
      case 'text':
      case 'refusal':
        if (half !== '') sayText(replacement, index, nothing)
        keepState(state, index)
        // A signed text without a word is one all the same.
        if (open.isFirst && signature !== undefined && (part.state ?? state) !== undefined) {
          say({ text: '', ...moreOf({}, open) }, index)
        }
        break
      case 'reasoning':
        if (half !== '') think(replacement, index, nothing)
        endThoughts(state ?? part.state, index)
        break
      case 'tool-call': {
        // Its pieces stand in the chunks already.
        if (extensionOf(part, 'gemini')[assembledNote] === true) break
        const { raw: _raw, ...call } = part
        const whole = { ...call, input: open.input, ...(state === undefined ? {} : { state }) }
        for (const one of encodePart(whole, context)) say(one, index)
        break
      }
      default:
        break
    }
    open = undefined
  }
  const endThoughts = (state: ReasoningState | undefined, index: number): void => {
    const sink = sinkOf()
    if (!sink.isVerbatim) keepState(state, index)
    else if (state !== undefined && !sink.amend({ thoughtSignature: state.value }, index)) {
      emit({ text: '', thought: true, thoughtSignature: state.value }, index)
    }
  }
  const whole = (part: Part, index: number): void => {
    switch (part.type) {
      case 'text':
      case 'refusal':
      case 'reasoning':
      case 'tool-call':
        start(part, index)
        for (const citation of part.type === 'text' ? (part.citations ?? []) : [])
          grounding.cite(index, citation)
        end(index, undefined)
        break
      case 'server-call':
      case 'server-result':
        if (!sinkOf().isVerbatim && grounding.take(part)) break
        for (const one of encodePart(part, context)) say(one, index)
        break
      default:
        for (const one of encodePart(part, context)) say(one, index)
    }
  }
  const write = (event: PartEvent): void => {
    switch (event.type) {
      case 'text-start':
      case 'refusal-start':
      case 'reasoning-start':
      case 'tool-call-start':
        start(event.part, event.index)
        break
      case 'text-delta':
      case 'refusal-delta':
        onText(event)
        break
      case 'reasoning-delta':
        onThought(event)
        break
      case 'tool-call-delta':
        if (open !== undefined) open.input += event.input
        break
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        end(event.index, event.state)
        break
      case 'part':
        whole(event.part, event.index)
        break
    }
  }
  const queue = partQueue(write, () => end(openIndex, undefined))

  return {
    push: queue.push,
    cite(event) {
      grounding.cite(event.index, event.citation)
    },
    finish() {
      queue.finish()
      const last = signature === undefined ? { text: '' } : { text: '', thoughtSignature: signature }
      signature = undefined
      return last
    },
    metadata: grounding.members,
    get hasSaid() {
      return hasSaid
    },
  }
}

const nothing: object = {}

/** For half a character that never got its other half. */
const replacement = '\ufffd'

/** The text up to the last whole character; the half that is left waits for the next delta (translation.md §1.3). */
const wholeCharacters = (delta: string, open: OpenPart): string => {
  const text = open.half === '' ? delta : open.half + delta
  const last = text.charCodeAt(text.length - 1)
  const isHalf = last >= 0xd800 && last < 0xdc00
  open.half = isHalf ? text.slice(-1) : ''
  return isHalf ? text.slice(0, -1) : text
}
