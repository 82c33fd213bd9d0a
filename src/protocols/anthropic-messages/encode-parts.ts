import { GatewayError } from '../../errors.ts'
import type {
  DocumentPart,
  Part,
  ReasoningPart,
  ReasoningPiece,
  ReasoningState,
  TextPart,
} from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import { type BlockContext, encodeCacheMark, placeOf } from './block-context.ts'
import { encodeCitation } from './citations.ts'
import { encodeServerCall, encodeServerResult, encodeToolCall, encodeToolResult } from './encode-calls.ts'
import { encodeDocument, encodeImage } from './encode-media.ts'
import { withRest } from './members.ts'
import { ownRest } from './own.ts'
import { protocolId, type WireRedactedThinkingBlock, type WireThinkingBlock } from './wire.ts'

/**
 * One part as a content block; undefined where nothing can be said.
 * @throws GatewayError `gateway_translation_unsupported` for media that the protocol cannot take
 */
export const encodePart = (part: Part, path: string, context: BlockContext): unknown => {
  switch (part.type) {
    case 'text':
      return encodeText(part, path, context)
    case 'refusal':
      return encodeText({ type: 'text', text: part.text }, path, context)
    case 'image':
      return encodeImage(part, path, context)
    case 'document':
      return encodeDocument(part, partsOf(part, path, context), path, context)
    case 'reasoning':
      return encodeReasoning(part, path, context)
    case 'tool-call':
      return encodeToolCall(part, context)
    case 'tool-result':
      return encodeToolResult(part, () => encodeParts(part.content, `${path}.content`, context), context)
    case 'json':
      // Own blocks are the JSON itself; a foreign value becomes its text.
      return context.isForeign ? { type: 'text', text: part.json } : rawJson(part.json)
    case 'server-call':
      return encodeServerCall(part, path, context)
    case 'server-result':
      return encodeServerResult(part, path, context)
    case 'opaque':
      if (part.raw?.protocol === protocolId) return rawJson(part.raw.json)
      context.warn('dropped', part.name, path, 'no counterpart')
      return undefined
    case 'audio':
    case 'video':
      if (context.side === 'request') {
        throw new GatewayError('gateway_translation_unsupported', `${part.type} input has no counterpart`, {
          param: path,
        })
      }
      context.warn('dropped', part.type, path, 'no counterpart')
      return undefined
  }
}

export const encodeParts = (parts: readonly Part[], path: string, context: BlockContext): unknown[] =>
  parts
    .map((part, index) => encodePart(part, placeOf(part, `${path}[${index}]`), context))
    .filter((block) => block !== undefined)

const partsOf = (part: DocumentPart, path: string, context: BlockContext): readonly unknown[] =>
  part.source.type === 'parts' ? encodeParts(part.source.parts, `${path}.source`, context) : []

export const encodeText = (part: TextPart, path: string, context: BlockContext): unknown => {
  const rest = ownRest(part)
  const keepsCitations = context.side === 'answer' || !context.isForeign
  if (part.citations !== undefined && !keepsCitations) {
    context.warn('dropped', 'citations', `${path}.citations`, 'only genuine citations may be sent back')
  }
  const citations = keepsCitations ? encodeCitations(part, path, context) : undefined
  const fillsNull = context.side === 'answer' && context.shape === 'full' && rest === undefined
  return withRest(
    {
      type: 'text',
      text: part.text,
      citations: citations ?? (fillsNull ? null : undefined),
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest ?? {},
  )
}

const encodeCitations = (
  { citations, ...part }: TextPart,
  path: string,
  context: BlockContext,
): readonly unknown[] | undefined => {
  const encoded = citations?.map(encodeCitation).filter((citation) => citation !== undefined)
  if (encoded === undefined || encoded.length === citations?.length) return encoded
  context.warn('dropped', 'citations', `${path}.citations`, 'a kind that has no counterpart')
  return encoded.length === 0 && ownRest(part) === undefined ? undefined : encoded
}

/** The summary parts of other protocols are one text here; where there are the thoughts themselves, those. */
const reasoningText = (pieces: readonly ReasoningPiece[]): string => {
  const own = pieces.filter((piece) => piece.kind === 'text')
  return (own.length === 0 ? pieces : own).map((piece) => piece.text).join('\n\n')
}

/**
 * State of whatever origin stands in the field that clients send back unread. Without readable thoughts it is a
 * redacted block, unless it is this provider's own signature.
 */
export const isRedacted = (state: ReasoningState | undefined, hasThoughts: boolean): boolean =>
  state?.kind === 'redacted' || (state !== undefined && state.kind !== 'signature' && !hasThoughts)

const encodeReasoning = (part: ReasoningPart, path: string, context: BlockContext): unknown => {
  const rest = ownRest(part)
  const isOurs = part.state?.protocol === protocolId || context.side === 'answer'
  const state = isOurs ? part.state : undefined
  if (state !== undefined && isRedacted(state, part.pieces.length > 0)) {
    return withRest(
      {
        type: 'redacted_thinking',
        data: state.value,
        cache_control: encodeCacheMark(part.cache, rest),
      } satisfies WireRedactedThinkingBlock & { cache_control: unknown },
      rest ?? {},
    )
  }
  if (state === undefined && context.isForeign && context.side === 'request') {
    context.warn('dropped', 'reasoning', path, 'thoughts without a signature of Anthropic are refused')
    return undefined
  }
  const thinking = reasoningText(part.pieces)
  if (thinking === '' && state === undefined && rest === undefined) return undefined
  const block: WireThinkingBlock = { type: 'thinking', thinking, signature: state?.value ?? '' }
  return withRest(
    {
      ...block,
      signature: state === undefined && rest !== undefined ? undefined : block.signature,
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest ?? {},
  )
}
