import { GatewayError } from '../../errors.ts'
import type {
  CacheMark,
  DocumentPart,
  ImagePart,
  JsonObject,
  MediaSource,
  Part,
  ReasoningPart,
  ServerCallPart,
  ServerResultPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  Warning,
} from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import { encodeCitation } from './citations.ts'
import { callId } from './identifiers.ts'
import { objectMember, ownMember, withRest } from './members.ts'
import { ownRest } from './own.ts'
import { isServerCallId, resultSuffix, toolOfName } from './server-tools.ts'
import type { AnswerShape } from './version.ts'
import {
  protocolId,
  type WireCaller,
  type WireRedactedThinkingBlock,
  type WireThinkingBlock,
} from './wire.ts'

/** What a block is written for. */
export interface BlockContext {
  /** A request's history, or an answer. */
  readonly side: 'request' | 'answer'
  /** It was said in another protocol. */
  readonly isForeign: boolean
  readonly shape: AnswerShape
  warn(code: Warning['code'], feature: string, path: string, reason: string): void
}

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
      return encodeDocument(part, path, context)
    case 'reasoning':
      return encodeReasoning(part, path, context)
    case 'tool-call':
      return encodeToolCall(part, context)
    case 'tool-result':
      return encodeToolResult(part, path, context)
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
    .map((part, index) => encodePart(part, `${path}[${index}]`, context))
    .filter((block) => block !== undefined)

export const encodeText = (part: TextPart, path: string, context: BlockContext): unknown => {
  const rest = ownRest(part)
  const keepsCitations = context.side === 'answer' || !context.isForeign
  if (part.citations !== undefined && !keepsCitations) {
    context.warn('dropped', 'citations', `${path}.citations`, 'only genuine citations may be sent back')
  }
  const citations = keepsCitations
    ? part.citations?.map(encodeCitation).filter((citation) => citation !== undefined)
    : undefined
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

const encodeImage = (part: ImagePart, path: string, context: BlockContext): unknown => {
  if (context.side === 'answer' && context.isForeign) {
    context.warn('dropped', 'image', path, 'answers hold no images')
    return undefined
  }
  if (part.detail !== undefined) context.warn('dropped', 'image detail', path, 'no counterpart')
  const rest = ownRest(part) ?? {}
  return withRest(
    {
      type: 'image',
      source: encodeSource(part.source, objectMember(rest, 'source'), guessed(context, imageType)),
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest,
  )
}

const encodeDocument = (part: DocumentPart, path: string, context: BlockContext): unknown => {
  const rest = ownRest(part) ?? {}
  const sourceRest = objectMember(rest, 'source')
  const inner = part.source.type === 'parts' ? encodeParts(part.source.parts, `${path}.source`, context) : []
  const isSearchResult = ownMember(rest, 'type') === 'search_result'
  const citations =
    part.wantsCitations === undefined
      ? undefined
      : withRest({ enabled: part.wantsCitations }, objectMember(rest, 'citations'))
  const shared = {
    title: part.title,
    context: part.context,
    citations,
    cache_control: encodeCacheMark(part.cache, rest),
  }
  if (isSearchResult) return withRest({ type: 'search_result', content: inner, ...shared }, rest)
  const source =
    part.source.type === 'parts'
      ? withRest({ type: 'content', content: inner }, sourceRest)
      : part.source.type === 'text' && ownMember(sourceRest, 'type') === 'content'
        ? withRest({ type: 'content', content: part.source.text }, sourceRest)
        : encodeSource(part.source, sourceRest, guessed(context, () => 'application/pdf'))
  return withRest({ type: 'document', source, ...shared }, rest)
}

const encodeSource = (
  source: MediaSource,
  rest: JsonObject,
  guess: MediaTypeGuess,
): Record<string, unknown> => {
  switch (source.type) {
    case 'base64':
      return withRest(
        { type: 'base64', media_type: source.mediaType ?? guess(source.data), data: source.data },
        rest,
      )
    case 'url':
      return withRest({ type: 'url', url: source.url }, rest)
    case 'file':
      return withRest({ type: 'file', file_id: source.id }, rest)
    case 'text':
      return withRest({ type: 'text', media_type: 'text/plain', data: source.text }, rest)
  }
}

type MediaTypeGuess = (data: string) => string | undefined

/** Own media without a type had none; foreign ones need one. */
const guessed = (context: BlockContext, guess: MediaTypeGuess): MediaTypeGuess =>
  context.isForeign ? guess : () => undefined

/** By the first bytes; who leaves the type out mostly sends PNG. */
const imageType = (data: string): string => {
  if (data.startsWith('/9j/')) return 'image/jpeg'
  if (data.startsWith('R0lGOD')) return 'image/gif'
  if (data.startsWith('UklGR')) return 'image/webp'
  return 'image/png'
}

/** The summary parts of other protocols are one text here. */
export const reasoningText = (part: ReasoningPart): string =>
  part.pieces.map((piece) => piece.text).join('\n\n')

const encodeReasoning = (part: ReasoningPart, path: string, context: BlockContext): unknown => {
  const rest = ownRest(part)
  const state = part.state?.protocol === protocolId ? part.state : undefined
  if (state?.kind === 'redacted') {
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
  const thinking = reasoningText(part)
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

export const directCaller: WireCaller = { type: 'direct' }

const encodeToolCall = (part: ToolCallPart, context: BlockContext): unknown => {
  const rest = ownRest(part)
  const fillsCaller = context.side === 'answer' && context.shape === 'full' && rest === undefined
  return withRest(
    {
      type: 'tool_use',
      id: part.id === undefined ? undefined : callId(part.id),
      name: toolUseName(part),
      input: toolInput(part),
      caller: fillsCaller ? directCaller : undefined,
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest ?? {},
  )
}

/** Namespaces are flattened (translation.md §1.6). */
export const toolUseName = (part: ToolCallPart): string =>
  part.namespace === undefined ? part.name : `${part.namespace}__${part.name}`

/**
 * The source text of an object, untouched. Free text is wrapped as `{"input": text}`, and a text that is no object
 * (cut off by a length stop) as `{"INVALID_JSON": text}` (translation.md §1.3).
 */
export const toolInput = (part: ToolCallPart | ServerCallPart): unknown => {
  if (part.type === 'tool-call' && part.kind === 'custom') return { input: part.input }
  if (part.input.trim() === '') return {}
  const value = parsed(part.input)
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const isOwnValue = value !== undefined && ownRest(part) !== undefined
  return isObject || isOwnValue ? rawJson(part.input) : { INVALID_JSON: part.input }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const encodeToolResult = (part: ToolResultPart, path: string, context: BlockContext): unknown => {
  const rest = ownRest(part) ?? {}
  const first = part.content[0]
  const asString = part.form === 'string' && part.content.length === 1 && first?.type === 'text'
  const blocks = asString
    ? []
    : encodeParts(part.content, `${path}.content`, context).filter(
        (block) => !(context.isForeign && isEmptyText(block)),
      )
  return withRest(
    {
      type: 'tool_result',
      tool_use_id: part.callId === undefined ? undefined : callId(part.callId),
      content: asString ? first.text : blocks.length === 0 ? undefined : blocks,
      is_error: part.isError,
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest,
  )
}

/** Empty text blocks are refused. */
export const isEmptyText = (block: unknown): boolean =>
  typeof block === 'object' && block !== null && 'type' in block && 'text' in block && block.text === ''

/** A streamed block's inner events are no members of the block. */
const blockRest = (part: Part): JsonObject | undefined => {
  const rest = ownRest(part)
  if (rest === undefined) return undefined
  const { events: _events, ...members } = rest
  return members
}

const encodeServerCall = (part: ServerCallPart, path: string, context: BlockContext): unknown => {
  const rest = blockRest(part)
  if (rest === undefined && !isServerCallId(part.id)) {
    context.warn('dropped', `${part.tool} call`, path, 'a call of another provider')
    return undefined
  }
  const isMcp = part.tool === 'mcp'
  return withRest(
    {
      type: isMcp ? 'mcp_tool_use' : 'server_tool_use',
      id: part.id,
      name: part.name,
      server_name: isMcp ? part.server : undefined,
      input: toolInput(part),
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest ?? {},
  )
}

const encodeServerResult = (part: ServerResultPart, path: string, context: BlockContext): unknown => {
  const rest = blockRest(part)
  if (rest === undefined && !isServerCallId(part.callId)) {
    context.warn('dropped', `${part.tool} result`, path, 'a result of another provider')
    return undefined
  }
  const isMcp = toolOfName(part.name) === 'mcp'
  return withRest(
    {
      type: `${part.name}${resultSuffix}`,
      tool_use_id: part.callId,
      is_error: isMcp ? part.isError : undefined,
      content: rawJson(part.output),
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest ?? {},
  )
}

/** Other protocols' lifetimes become the nearest one (translation.md §8). */
const lifetimes: Readonly<Record<string, string>> = { '30m': '5m', '12h': '1h', '24h': '1h' }

export const encodeCacheMark = (
  cache: CacheMark | undefined,
  rest: JsonObject | undefined,
): Record<string, unknown> | undefined => {
  if (cache === undefined) return undefined
  const ttl = cache.ttl === undefined ? undefined : (lifetimes[cache.ttl] ?? cache.ttl)
  return withRest({ type: 'ephemeral', ttl }, objectMember(rest ?? {}, 'cache_control'))
}
