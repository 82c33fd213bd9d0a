import { GatewayError } from '../../errors.ts'
import {
  extend,
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type ToolDefinition,
  type Turn,
} from '../../ir/index.ts'
import { type JsonDocument, parseDocument } from '../../wire/index.ts'
import type { DecodeOptions, WireRequest } from '../protocol.ts'
import { decodeParts } from './decode-parts.ts'
import { decodeSettings } from './decode-settings.ts'
import { decodeToolChoice, decodeTools, isValidated } from './decode-tools.ts'
import { numbersEnums } from './enum-numbers.ts'
import { joinedChunks } from './joined-chunks.ts'
import { located } from './located.ts'
import { type ObjectReader, readObject } from './read-object.ts'
import { refuseUnreadable } from './refuse-unreadable.ts'

/** Notes in a turn's extension: what the wire left out. */
export const noRoleNote = '$noRole'
export const noPartsNote = '$noParts'
/** Note in the request's extension: the version of the path, `v1` or `v1beta`. */
export const versionNote = '$version'
/** Note: the config object was there and said nothing canonical. */
export const emptyNote = '$empty'

/** Note: the answer's enums shall be numbers (`$alt=json;enum-encoding=int`). */
export const enumNote = '$enumNumbers'

/**
 * A request that is asked for locations is on its way to another protocol: what Gemini itself would refuse is refused
 * then, and the chunks of an answer that a chat sends back are one turn again.
 * @throws GatewayError `gateway_json_invalid` for a body that is not a JSON object; `gateway_request_invalid`, with
 * locations, for a role or a combination of fields that the vendor refuses
 */
export const decodeRequest = (wire: WireRequest, options: DecodeOptions = {}): GenerateRequest => {
  const document = parseBody(wire.body)
  const root = readRoot(document)
  const stream = wire.path.endsWith(':streamGenerateContent')
  const version = /^\/(v1[a-z0-9]*)\//.exec(wire.path)?.[1] ?? 'v1beta'
  if (options.locations === true) refuseUnreadable(root)
  const request = decodeBody(document, root, {
    model: wire.parameters['model'] ?? '',
    stream,
    notes: {
      ...(version === 'v1beta' ? {} : { [versionNote]: version }),
      ...(numbersEnums(wire.query) ? { [enumNote]: true } : {}),
    },
  })
  if (options.locations !== true) return request
  const places = located(request)
  return { ...places, turns: joinedChunks(places.turns) }
}

export const parseBody = (body: Uint8Array): JsonDocument => {
  try {
    return parseDocument(new TextDecoder().decode(body))
  } catch (cause) {
    throw new GatewayError('gateway_json_invalid', 'the body is not valid JSON', { cause })
  }
}

export const readRoot = (document: JsonDocument): JsonObject => {
  if (isJsonObject(document.value)) return document.value
  throw new GatewayError('gateway_request_invalid', 'the body is not a JSON object')
}

export const decodeBody = (
  document: JsonDocument,
  root: JsonObject,
  context: { readonly model: string; readonly stream: boolean; readonly notes: JsonObject },
): GenerateRequest => {
  const reader = readObject(root)
  const config = reader.object('generationConfig')
  const settings = decodeSettings(document, config ?? {})
  const toolConfig = reader.object('toolConfig')
  const toolReader = readObject(toolConfig ?? {})
  const calling = toolReader.object('functionCallingConfig')
  const system = systemTurn(document, reader)
  const contents = reader.list('contents') ?? []
  const serviceTier = reader.string('serviceTier')
  const store = reader.boolean('store')
  const tools = decodeToolList(document, reader)
  const strict = calling !== undefined && isValidated(calling)
  return {
    protocol: 'gemini',
    model: context.model,
    stream: context.stream,
    turns: [
      ...(system === undefined ? [] : [system]),
      ...contents.map((content) => decodeTurn(document, content)),
    ],
    // Validated arguments are a property of each tool elsewhere.
    tools: strict ? tools.list.map(asStrict) : tools.list,
    ...(calling === undefined ? {} : { toolChoice: decodeToolChoice(document, calling) }),
    ...(settings.maxOutputTokens === undefined ? {} : { maxOutputTokens: settings.maxOutputTokens }),
    sampling: settings.sampling,
    ...(settings.reasoning === undefined ? {} : { reasoning: settings.reasoning }),
    ...(settings.output === undefined ? {} : { output: settings.output }),
    ...(serviceTier === undefined ? {} : { serviceTier }),
    ...(store === undefined ? {} : { store }),
    ...extend('gemini', {
      ...reader.rest(),
      ...context.notes,
      ...(tools.empty ? { tools: [] } : {}),
      ...nested('$generationConfig', config, settings.rest),
      ...nested('$toolConfig', toolConfig, toolReader.rest()),
    }),
  }
}

/** What is left of an inner object; a note where the object was there and is to come back empty. */
const nested = (name: string, source: JsonObject | undefined, rest: JsonObject): JsonObject => {
  if (source === undefined) return {}
  if (Object.keys(source).length === 0) return { [name]: { [emptyNote]: true } }
  return Object.keys(rest).length === 0 ? {} : { [name]: rest }
}

const asStrict = (tool: ToolDefinition): ToolDefinition =>
  tool.type === 'function' ? { ...tool, strict: true } : tool

const decodeToolList = (
  document: JsonDocument,
  reader: ObjectReader,
): { readonly list: readonly ToolDefinition[]; readonly empty: boolean } => {
  const entries = reader.list('tools')
  if (entries === undefined) return { list: [], empty: false }
  return { list: decodeTools(document, entries), empty: entries.length === 0 }
}

/** `systemInstruction`: a content, or (in some SDKs) one string. */
const systemTurn = (document: JsonDocument, reader: ObjectReader): Turn | undefined => {
  const content = reader.object('systemInstruction')
  if (content !== undefined) {
    const { parts, extension } = decodeContent(document, content, false)
    const role = content['role']
    return {
      role: 'system',
      placement: 'preamble',
      parts,
      ...extend('gemini', { ...extension, ...(typeof role === 'string' ? { role } : {}) }),
    }
  }
  const text = reader.string('systemInstruction')
  if (text === undefined) return undefined
  return { role: 'system', placement: 'preamble', form: 'string', parts: [{ type: 'text', text }] }
}

const decodeTurn = (document: JsonDocument, wire: unknown): Turn => {
  const content = isJsonObject(wire) ? wire : {}
  const role = content['role']
  const isModel = role === 'model'
  const { parts, extension } = decodeContent(document, content, isModel)
  const spelled = role === undefined ? { [noRoleNote]: true } : isUsual(role) ? {} : { role }
  return {
    role: isModel ? 'assistant' : 'user',
    parts,
    ...extend('gemini', { ...extension, ...spelled }),
  }
}

const isUsual = (role: unknown): boolean => role === 'model' || role === 'user'

const decodeContent = (document: JsonDocument, content: JsonObject, isModel: boolean) => {
  const reader = readObject(content)
  reader.take('role')
  const parts = reader.list('parts')
  const rest = reader.rest()
  return {
    parts: decodeParts(document, parts ?? [], isModel),
    extension: { ...rest, ...(parts === undefined ? { [noPartsNote]: true } : {}) },
  }
}
