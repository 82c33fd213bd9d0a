import { GatewayError } from '../../errors.ts'
import {
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type Sampling,
  type ToolDefinition,
  type Turn,
} from '../../ir/index.ts'
import { type JsonDocument, parseDocument } from '../../wire/index.ts'
import type { DecodeOptions, WireRequest } from '../protocol.ts'
import { withoutBillingNote } from './billing-note.ts'
import { readCacheMark } from './block-reader.ts'
import { decodeBlocks } from './decode-parts.ts'
import { decodeFormat, decodeReasoning } from './decode-settings.ts'
import { decodeTool, decodeToolChoice } from './decode-tools.ts'
import { isEmpty, type MemberReader, objectMember, ownMember, readMembers } from './members.ts'
import { own, ownIfAny } from './own.ts'
import { protocolId } from './wire.ts'

/** Request headers that belong to what the request means. Their names hold hyphens, so no body member has them. */
export const meaningfulHeaders = ['anthropic-version', 'anthropic-beta'] as const

/**
 * A `POST /v1/messages` (or `…/count_tokens`) body.
 * @throws GatewayError `gateway_request_invalid` when it is not an object, or `messages` not a list of messages
 */
export const decodeRequest = (wire: WireRequest, options: DecodeOptions = {}): GenerateRequest => {
  const document = parseBody(wire.body)
  if (!isJsonObject(document.value)) throw invalid('request', 'input should be a valid dictionary')
  const body = document.value
  const reader = readMembers(body)
  const placed: Placing = options.locations === true ? (at) => at : () => undefined
  const model = reader.string('model') ?? ''
  const tools = decodeTools(reader, document, placed)
  const choice = reader.object('tool_choice')
  const settings = decodeSettings(reader, document)
  const { cache, rest: cacheRest } = readCacheMark(reader)
  const turns = [...decodeSystem(reader, document, placed), ...decodeMessages(reader, document, placed)]
  return {
    protocol: protocolId,
    model,
    stream: reader.exactly('stream', true),
    turns,
    tools,
    ...(choice === undefined ? {} : decodeToolChoice(choice, tools, document, placed('tool_choice'))),
    ...settings.members,
    ...cache,
    ...own({ ...reader.rest(), ...settings.rest, ...cacheRest, ...headersOf(wire.headers) }),
  }
}

/** Where something stands in the client's request; undefined where nobody asked. */
type Placing = (at: string) => string | undefined

const at = (place: string | undefined): { readonly at?: string } => (place === undefined ? {} : { at: place })

const parseBody = (bytes: Uint8Array): JsonDocument => {
  try {
    return parseDocument(new TextDecoder().decode(bytes))
  } catch {
    throw new GatewayError('gateway_json_invalid', 'the request body is not valid JSON')
  }
}

const invalid = (param: string, problem: string): GatewayError =>
  new GatewayError('gateway_request_invalid', `${param}: ${problem}`, { param })

const headersOf = (headers: Headers): JsonObject =>
  Object.fromEntries(
    meaningfulHeaders.flatMap((name): [string, string][] => {
      const value = headers.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )

/** The `system` field: one turn, whose parts are its blocks. */
const decodeSystem = (reader: MemberReader, document: JsonDocument, placed: Placing): readonly Turn[] => {
  const place = at(placed('system'))
  const preamble = { role: 'system', authority: 'system', placement: 'preamble', ...place } as const
  const text = reader.string('system')
  if (text !== undefined) return [{ ...preamble, parts: [{ type: 'text', text, ...place }], form: 'string' }]
  const blocks = reader.array('system')
  if (blocks === undefined) return []
  return [
    withoutBillingNote({ ...preamble, parts: decodeBlocks(blocks, document, placed('system')) }, blocks),
  ]
}

const decodeMessages = (reader: MemberReader, document: JsonDocument, placed: Placing): readonly Turn[] => {
  const messages = reader.array('messages')
  if (messages === undefined) throw invalid('messages', 'input should be a valid list')
  return messages.map((message, index) => {
    if (!isJsonObject(message)) throw invalid(`messages[${index}]`, 'input should be a valid dictionary')
    return decodeMessage(message, document, placed(`messages.${index}`))
  })
}

const decodeMessage = (message: JsonObject, document: JsonDocument, place: string | undefined): Turn => {
  const reader = readMembers(message)
  const text = reader.string('content')
  const blocks = text === undefined ? ownMember(message, 'content') : undefined
  const hasBlocks = Array.isArray(blocks) && blocks.length > 0
  const inside = place === undefined ? undefined : `${place}.content`
  if (hasBlocks) reader.array('content')
  const role = roleOf(reader)
  const tools = hasBlocks ? addedTools(blocks, document, inside) : []
  const config = readMembers(reader.object('output_config') ?? {})
  const effort = config.string('effort')
  const hasConfig = ownMember(message, 'output_config') !== undefined
  return {
    role,
    ...(role === 'system' ? { authority: 'system', placement: 'inline' } : {}),
    parts:
      text !== undefined
        ? [{ type: 'text', text, ...at(inside) }]
        : hasBlocks
          ? decodeBlocks(blocks, document, inside)
          : [],
    ...(text === undefined ? {} : { form: 'string' }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(effort === undefined ? {} : { reasoning: { effort } }),
    ...at(place),
    ...ownIfAny({ ...(hasConfig ? { output_config: config.rest() } : {}), ...reader.rest() }),
  }
}

/**
 * Definitions in `tool_addition` blocks, for protocols that must know them. The blocks themselves stay opaque parts:
 * they also name tools that are defined elsewhere, and their place matters.
 */
const addedTools = (
  blocks: readonly unknown[],
  document: JsonDocument,
  place: string | undefined,
): readonly ToolDefinition[] =>
  blocks.flatMap((block, index) => {
    if (!isJsonObject(block) || ownMember(block, 'type') !== 'tool_addition') return []
    const definition = ownMember(objectMember(block, 'tool'), 'definition')
    return definition === undefined ? [] : [decodeTool(definition, document, place && `${place}.${index}`)]
  })

/** An unknown role stays in the rest, and counts as the user's. */
const roleOf = (reader: MemberReader): Turn['role'] => {
  for (const role of ['user', 'assistant', 'system'] as const) {
    if (reader.exactly('role', role)) return role
  }
  return 'user'
}

/** An empty list stays in the rest, so that it differs from no list. */
const decodeTools = (
  reader: MemberReader,
  document: JsonDocument,
  placed: Placing,
): readonly ToolDefinition[] => {
  const tools = ownMember(reader.rest(), 'tools')
  if (!Array.isArray(tools) || tools.length === 0) return []
  reader.array('tools')
  return tools.map((tool, index) => decodeTool(tool, document, placed(`tools.${index}`)))
}

type SettingMembers = Omit<GenerateRequest, 'protocol' | 'model' | 'stream' | 'turns' | 'tools'>

/** Everything that is neither content nor tools. */
const decodeSettings = (
  reader: MemberReader,
  document: JsonDocument,
): { readonly members: SettingMembers; readonly rest: JsonObject } => {
  const maxOutputTokens = reader.number('max_tokens')
  const serviceTier = reader.string('service_tier')
  const reasoning = decodeReasoning(reader)
  const format = decodeFormat(reader, document, reasoning.outputConfig)
  const user = decodeUser(reader)
  const thread = decodeThread(reader)
  return {
    members: {
      ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
      sampling: decodeSampling(reader),
      ...(reasoning.settings === undefined ? {} : { reasoning: reasoning.settings }),
      ...(format.output === undefined ? {} : { output: format.output }),
      ...(user.user === undefined ? {} : { user: user.user }),
      ...(serviceTier === undefined ? {} : { serviceTier }),
      ...(thread.previous === undefined ? {} : { previousResponseId: thread.previous }),
    },
    rest: { ...format.rest, ...user.rest, ...thread.rest },
  }
}

const decodeSampling = (reader: MemberReader): Sampling => {
  const temperature = reader.number('temperature')
  const topP = reader.number('top_p')
  const topK = reader.number('top_k')
  const stop = readStrings(reader, 'stop_sequences')
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(topK === undefined ? {} : { topK }),
    ...(stop === undefined ? {} : { stop }),
  }
}

const readStrings = (reader: MemberReader, key: string): readonly string[] | undefined => {
  const items = ownMember(reader.rest(), key)
  if (!Array.isArray(items) || !items.every((item) => typeof item === 'string')) return undefined
  reader.array(key)
  return items
}

interface Remainder {
  readonly rest: JsonObject
}

/** `metadata.user_id` is the end user; `metadata` holds nothing else today. */
const decodeUser = (reader: MemberReader): Remainder & { readonly user?: string } => {
  const metadata = reader.object('metadata')
  if (metadata === undefined) return { rest: {} }
  const inner = readMembers(metadata)
  const user = inner.string('user_id')
  const rest = inner.rest()
  const nested = user !== undefined && isEmpty(rest) ? {} : { metadata: rest }
  return { ...(user === undefined ? {} : { user }), rest: nested }
}

/** Beta `thread: {type: 'continue', previous_message_id}`. */
const decodeThread = (reader: MemberReader): Remainder & { readonly previous?: string } => {
  const thread = reader.object('thread')
  if (thread === undefined) return { rest: {} }
  const inner = readMembers(thread)
  const previous = inner.string('previous_message_id')
  return { ...(previous === undefined ? {} : { previous }), rest: { thread: inner.rest() } }
}
