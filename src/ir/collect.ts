import type { CanonicalError } from './canonical-error.ts'
import type { Extensions } from './node.ts'
import type { Citation, Part, ReasoningPiece } from './part.ts'
import type { ProtocolId } from './protocol-id.ts'
import type { Choice, Finish, GenerateResponse } from './response.ts'
import type { StartEvent, StreamEvent } from './stream-event.ts'
import { mergeUsage, type Usage } from './usage.ts'

export interface Collected {
  readonly response: GenerateResponse
  /** Was the stream's proof of completeness seen? */
  readonly complete: boolean
  readonly error?: CanonicalError
}

interface OpenPart {
  part: Part
  text: string
  pieces: { kind: ReasoningPiece['kind']; text: string }[]
  citations: Citation[]
}

interface OpenChoice {
  readonly parts: Map<number, OpenPart>
  finish: Finish | undefined
  extensions: Extensions | undefined
}

/** Folds a stream into the whole answer that it says. */
export const collect = (protocol: ProtocolId, events: Iterable<StreamEvent>): Collected => {
  const choices = new Map<number, OpenChoice>()
  let start: StartEvent | undefined
  let usage: Usage | undefined
  let model: string | undefined
  let extensions: Extensions | undefined
  let complete = false
  let error: CanonicalError | undefined

  const choiceAt = (index = 0): OpenChoice => {
    let choice = choices.get(index)
    if (choice === undefined) {
      choice = { parts: new Map(), finish: undefined, extensions: undefined }
      choices.set(index, choice)
    }
    return choice
  }
  const partAt = (at: { readonly choice?: number; readonly index: number }): OpenPart | undefined =>
    choiceAt(at.choice).parts.get(at.index)

  for (const event of events) {
    switch (event.type) {
      case 'start':
        start = event
        extensions = mergeExtensions(extensions, event.extensions)
        break
      case 'text-start':
      case 'refusal-start':
      case 'reasoning-start':
      case 'tool-call-start':
      case 'part':
        choiceAt(event.choice).parts.set(event.index, {
          part: event.part,
          text: '',
          pieces: [],
          citations: [],
        })
        break
      case 'text-delta':
      case 'refusal-delta': {
        const open = partAt(event)
        if (open !== undefined) open.text += event.text
        break
      }
      case 'tool-call-delta': {
        const open = partAt(event)
        if (open !== undefined) open.text += event.input
        break
      }
      case 'reasoning-delta': {
        const open = partAt(event)
        const piece = open?.pieces[event.piece]
        if (piece !== undefined) piece.text += event.text
        else if (open !== undefined) open.pieces[event.piece] = { kind: event.kind, text: event.text }
        break
      }
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end': {
        const open = partAt(event)
        if (open === undefined) break
        const merged = mergeExtensions(open.part.extensions, event.extensions)
        open.part = {
          ...open.part,
          ...(event.state === undefined ? {} : { state: event.state }),
          ...(merged === undefined ? {} : { extensions: merged }),
        }
        break
      }
      case 'citation':
        partAt(event)?.citations.push(event.citation)
        break
      case 'usage':
        usage = mergeUsage(usage, event.usage)
        model = event.model ?? model
        extensions = mergeExtensions(extensions, event.extensions)
        break
      case 'finish': {
        const choice = choiceAt(event.choice)
        choice.finish = event.finish
        choice.extensions = mergeExtensions(choice.extensions, event.extensions)
        break
      }
      case 'error':
        error = event.error
        break
      case 'extension':
        break
      case 'end':
        complete = true
        extensions = mergeExtensions(extensions, event.extensions)
        break
    }
  }
  const { type: _type, extensions: _extensions, ...head } = start ?? { type: 'start' }
  return {
    response: {
      protocol,
      ...head,
      ...(model === undefined ? {} : { model }),
      choices: [...choices].sort(([a], [b]) => a - b).map(([index, choice]) => closeChoice(index, choice)),
      ...(usage === undefined ? {} : { usage }),
      ...(extensions === undefined ? {} : { extensions }),
    },
    complete,
    ...(error === undefined ? {} : { error }),
  }
}

const closeChoice = (index: number, choice: OpenChoice): Choice => ({
  index,
  parts: [...choice.parts].sort(([a], [b]) => a - b).map(([, open]) => closePart(open)),
  ...(choice.finish === undefined ? {} : { finish: choice.finish }),
  ...(choice.extensions === undefined ? {} : { extensions: choice.extensions }),
})

const closePart = ({ part, text, pieces, citations }: OpenPart): Part => {
  switch (part.type) {
    case 'text':
      return { ...part, text: part.text + text, ...(citations.length === 0 ? {} : { citations }) }
    case 'refusal':
      return { ...part, text: part.text + text }
    case 'reasoning':
      return { ...part, pieces: [...part.pieces, ...pieces.filter((piece) => piece !== undefined)] }
    case 'tool-call':
      return { ...part, input: part.input + text }
    default:
      return part
  }
}

/** Later members win, per protocol. */
export const mergeExtensions = (
  earlier: Extensions | undefined,
  later: Extensions | undefined,
): Extensions | undefined => {
  if (earlier === undefined || later === undefined) return later ?? earlier
  const merged: Record<string, unknown> = { ...earlier }
  for (const [protocol, members] of Object.entries(later)) {
    merged[protocol] = { ...earlier[protocol as ProtocolId], ...members }
  }
  return merged as Extensions
}
