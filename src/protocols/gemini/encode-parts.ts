import {
  extensionOf,
  type MediaCapability,
  type Node,
  type Part,
  type PartNode,
  type ReasoningPart,
  type Warning,
} from '../../ir/index.ts'
import { RawJson, rawJson } from '../../wire/index.ts'
import { closing, opening } from './document-text.ts'
import { encodeCall } from './encode-calls.ts'
import { encodeMedia, type MediaPart } from './encode-media.ts'
import { encodeResult } from './encode-results.ts'
import { encodeServerCall, encodeServerResult } from './encode-server-parts.ts'
import { writeMembers } from './read-object.ts'
import type { WirePart } from './wire.ts'

export interface PartContext {
  /** Gemini's own words, a request of another protocol, or an answer to a Gemini client. */
  readonly side: 'own' | 'foreign request' | 'answer'
  /** Reports what cannot be said, by its place in the client's request. */
  readonly lose: (code: Warning['code'], feature: string, node: Node, reason: string) => void
  /** Did the client ask for thoughts? In a request they are no input, unless Gemini gave them out. */
  readonly showsThoughts: boolean
  /** The name that a call id belongs to, where a result does not repeat it. */
  readonly nameOf: (callId: string) => string | undefined
  /** The media that the model takes inside a function's response; undefined: all. */
  readonly resultMedia?: MediaCapability
  /** Numbers the documents that become text, from 1. */
  readonly nextDocument: () => number
}

/** Ready for `writeJson`. */
export type EncodedPart = WirePart | RawJson | Readonly<Record<string, unknown>>

/**
 * The parts of one content. Thoughts have no signature of their own here: the state of a foreign reasoning part stands
 * on the next part that is no thought, or on an empty text where none follows. Signed parts are never merged.
 */
export const encodeParts = (parts: readonly Part[], context: PartContext): readonly EncodedPart[] => {
  const result: EncodedPart[] = []
  const behind: EncodedPart[] = []
  let signature: string | undefined
  const sign = (): void => {
    if (signature !== undefined) result.push({ text: '', thoughtSignature: signature })
    signature = undefined
  }
  for (const part of parts) {
    if (part.type === 'reasoning' && context.side !== 'own') {
      const state = signatureOf(part, context)
      if (state !== undefined) sign()
      // In a request, readable thoughts with a state of Gemini's own are a part as Gemini once said it.
      if (state !== undefined && part.pieces.length > 0 && context.side === 'foreign request') {
        result.push({ text: textOfThoughts(part), thought: true, thoughtSignature: state })
        continue
      }
      result.push(...thoughtsOf(part, context))
      signature = state ?? signature
      continue
    }
    const encoded =
      part.type === 'tool-result' ? resultParts(part, behind, context) : encodePart(part, context)
    const [first, ...more] = encoded
    if (first === undefined) continue
    if (signature === undefined || first instanceof RawJson || 'thoughtSignature' in first) {
      sign()
      result.push(first, ...more)
    } else {
      result.push({ ...first, thoughtSignature: signature }, ...more)
      signature = undefined
    }
  }
  sign()
  return behind.length === 0 ? result : withMediaBehind(result, behind)
}

const resultParts = (
  part: Extract<Part, { type: 'tool-result' }>,
  behind: EncodedPart[],
  context: PartContext,
): readonly EncodedPart[] => {
  if (part.raw?.protocol === 'gemini') return [rawJson(part.raw.json)]
  const encoded = encodeResult(part, context, encodePart)
  behind.push(...encoded.behind)
  return [signed(part, encoded.response, context)]
}

/** Media of results stand behind the last response of the turn. */
const withMediaBehind = (
  parts: readonly EncodedPart[],
  media: readonly EncodedPart[],
): readonly EncodedPart[] => {
  const end = parts.findLastIndex((part) => 'functionResponse' in part) + 1
  return [...parts.slice(0, end), ...media, ...parts.slice(end)]
}

/** One part as wire parts; a part of Gemini's own that nobody edited comes back verbatim. */
export const encodePart = (part: Part, context: PartContext): readonly EncodedPart[] => {
  if (part.raw?.protocol === 'gemini') return [rawJson(part.raw.json)]
  // A signature belongs to the part it came with, so it stands on the first one only.
  return contentOf(part, context).map((body, index) =>
    index > 0 || body instanceof RawJson ? body : signed(part, body, context),
  )
}

const signed = (part: Part, body: object, context: PartContext): EncodedPart => {
  const thoughtSignature = signatureOf(part, context)
  return writeMembers(
    { ...body, ...(thoughtSignature === undefined ? {} : { thoughtSignature }) },
    extensionOf(part, 'gemini'),
  )
}

/**
 * In an answer the state is whatever the client shall carry for us; in a request only what Gemini gave out, for
 * another's is of no use to it.
 */
export const signatureOf = ({ state }: PartNode, { side }: Pick<PartContext, 'side'>): string | undefined =>
  side === 'answer' || state?.protocol === 'gemini' ? state?.value : undefined

const thoughtsOf = (part: ReasoningPart, context: PartContext): readonly EncodedPart[] => {
  if (part.pieces.length === 0) return []
  if (context.showsThoughts) return [{ text: textOfThoughts(part), thought: true }]
  if (context.side === 'foreign request') {
    context.lose('dropped', 'reasoning', part, "another provider's reasoning is no input here")
  }
  return []
}

const textOfThoughts = (part: ReasoningPart): string => part.pieces.map((piece) => piece.text).join('\n\n')

const contentOf = (part: Part, context: PartContext): readonly EncodedPart[] => {
  switch (part.type) {
    case 'text':
      if (part.citations !== undefined && context.side === 'foreign request') {
        context.lose('dropped', 'citations', part, 'there is no place for them in a request')
      }
      return [{ text: part.text }]
    case 'refusal':
      return [{ text: part.text }]
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
      return mediaOf(part, context)
    case 'reasoning':
      return [{ text: textOfThoughts(part), thought: true }]
    case 'tool-call':
      return [{ functionCall: encodeCall(part) }]
    case 'tool-result': {
      const { response, behind } = encodeResult(part, context, encodePart)
      return [{ ...response }, ...behind]
    }
    case 'json':
      return [{ text: part.json }]
    case 'server-call':
      return encodeServerCall(part, context)
    case 'server-result':
      return encodeServerResult(part, context)
    case 'opaque':
      context.lose('dropped', part.name, part, 'the target protocol has no such block')
      return []
  }
}

const mediaOf = (part: MediaPart, context: PartContext): readonly EncodedPart[] => {
  if (part.type === 'document') {
    if (part.context !== undefined)
      context.lose('dropped', 'document context', part, 'documents have none here')
    if (part.wantsCitations === true)
      context.lose('dropped', 'citations', part, 'documents are not cited here')
    if (part.source.type === 'parts') {
      return [
        { text: opening(part, context) },
        ...part.source.parts.flatMap((inner) => encodePart(inner, context)),
        { text: closing },
      ]
    }
  }
  if (part.source.type === 'parts') return []
  return encodeMedia(part, part.source, context.side !== 'own')
}
