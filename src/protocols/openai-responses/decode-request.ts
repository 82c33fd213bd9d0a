import {
  extend,
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type ReasoningSettings,
  type Turn,
} from '../../ir/index.ts'
import { type JsonDocument, parseDocument } from '../../wire/index.ts'
import type { DecodeOptions, WireRequest } from '../protocol.ts'
import { decodeItem } from './decode-items.ts'
import { decodeToolChoice, decodeTools } from './decode-tools.ts'
import { located } from './locations.ts'
import {
  arrayMember,
  booleanMember,
  isJsonArray,
  member,
  numberMember,
  objectMember,
  stringMember,
} from './members.ts'
import { decodeFormat } from './output-format.ts'
import { patchOf } from './patch.ts'
import { protocolId } from './wire.ts'
import { writeSettings } from './write-settings.ts'

const textDecoder = new TextDecoder()

/**
 * A generate request (also the body of `/v1/responses/input_tokens`). Fields of another type than expected stay as
 * they are in the extension.
 * @throws SyntaxError when the body is not JSON
 */
export const decodeRequest = (wire: WireRequest, options: DecodeOptions = {}): GenerateRequest => {
  const document = parseDocument(textDecoder.decode(wire.body))
  const body = isJsonObject(document.value) ? document.value : {}
  const request = canonicalRequest(body, document)
  const written = writeSettings(request, { model: request.model, stream: request.stream })
  const extension = {
    ...patchOf(body, written, ['input', 'tools']),
    ...formOfInput(body),
    ...formOfTools(body),
  }
  const whole = { ...request, ...extend(protocolId, extension) }
  return options.locations === true ? located(whole) : whole
}

const canonicalRequest = (body: JsonObject, document: JsonDocument): GenerateRequest => {
  const toolChoice = decodeToolChoice(member(body, 'tool_choice'), document)
  const parallelToolCalls = booleanMember(body, 'parallel_tool_calls')
  const { prewarm, ...cacheOptions } = objectMember(body, 'prompt_cache_options') ?? {}
  // Who only warms the cache wants no output, whatever else it may have cost.
  const maxOutputTokens = prewarm === true ? 0 : numberMember(body, 'max_output_tokens')
  const reasoning = decodeReasoning(objectMember(body, 'reasoning'))
  const text = objectMember(body, 'text') ?? {}
  const output = decodeFormat(objectMember(text, 'format'), document)
  const verbosity = stringMember(text, 'verbosity')
  const metadata = objectMember(body, 'metadata')
  const user = stringMember(body, 'safety_identifier') ?? stringMember(body, 'user')
  const conversation = conversationOf(member(body, 'conversation'))
  const strings = {
    serviceTier: stringMember(body, 'service_tier'),
    previousResponseId: stringMember(body, 'previous_response_id'),
    promptCacheKey: stringMember(body, 'prompt_cache_key'),
    promptCacheRetention: stringMember(body, 'prompt_cache_retention'),
  }
  const objects = {
    promptCacheOptions: Object.keys(cacheOptions).length === 0 ? undefined : cacheOptions,
    moderation: objectMember(body, 'moderation'),
  }
  const booleans = { store: booleanMember(body, 'store'), background: booleanMember(body, 'background') }
  return {
    protocol: protocolId,
    model: stringMember(body, 'model') ?? '',
    stream: member(body, 'stream') === true,
    turns: decodeTurns(body, document),
    tools: decodeTools(arrayMember(body, 'tools') ?? [], document),
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(parallelToolCalls === undefined ? {} : { parallelToolCalls }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    sampling: decodeSampling(body),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(output === undefined ? {} : { output }),
    ...(verbosity === undefined ? {} : { verbosity }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(user === undefined ? {} : { user }),
    ...(conversation === undefined ? {} : { conversation }),
    ...defined(strings),
    ...defined(objects),
    ...defined(booleans),
  }
}

const defined = <Value>(members: { readonly [key: string]: Value | undefined }): { [key: string]: Value } => {
  const present: [string, Value][] = []
  for (const [key, value] of Object.entries(members)) if (value !== undefined) present.push([key, value])
  return Object.fromEntries(present)
}

const decodeTurns = (body: JsonObject, document: JsonDocument): readonly Turn[] => {
  const instructions = stringMember(body, 'instructions')
  const preamble: readonly Turn[] =
    instructions === undefined
      ? []
      : [
          {
            role: 'system',
            placement: 'preamble',
            form: 'string',
            parts: [{ type: 'text', text: instructions }],
          },
        ]
  const input = member(body, 'input')
  if (typeof input === 'string') {
    return [...preamble, { role: 'user', form: 'string', parts: [{ type: 'text', text: input }] }]
  }
  return [...preamble, ...(isJsonArray(input) ? input : []).map((item) => decodeTurn(item, document))]
}

const decodeTurn = (item: unknown, document: JsonDocument): Turn => {
  const { role, authority, form, parts, tools, reasoning, output, patch } = decodeItem(
    item,
    'request',
    document,
  )
  return {
    role,
    parts,
    ...(role === 'system' ? { placement: 'inline' as const } : {}),
    ...(authority === undefined ? {} : { authority }),
    ...(form === undefined ? {} : { form }),
    ...(tools === undefined ? {} : { tools }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(output === undefined ? {} : { output }),
    ...extend(protocolId, patch),
  }
}

const decodeSampling = (body: JsonObject): GenerateRequest['sampling'] => {
  const include = arrayMember(body, 'include') ?? []
  return {
    ...defined({
      temperature: numberMember(body, 'temperature'),
      topP: numberMember(body, 'top_p'),
      topLogprobs: numberMember(body, 'top_logprobs'),
    }),
    ...(include.includes('message.output_text.logprobs') ? { logprobs: true } : {}),
  }
}

const decodeReasoning = (reasoning: JsonObject | undefined): ReasoningSettings | undefined => {
  if (reasoning === undefined) return undefined
  const effort = stringMember(reasoning, 'effort')
  // `generate_summary` is its old name.
  const display = stringMember(reasoning, 'summary') ?? stringMember(reasoning, 'generate_summary')
  return {
    ...(effort === undefined ? {} : { effort }),
    ...(effort === 'none' ? { mode: 'disabled' as const } : {}),
    ...(display === undefined ? {} : { display }),
  }
}

const conversationOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value
  return isJsonObject(value) ? stringMember(value, 'id') : undefined
}

/** The text of an input is a turn; that it stood there as one string is said here. */
const formOfInput = (body: JsonObject): JsonObject => {
  const input = member(body, 'input')
  if (typeof input === 'string') return { $input: 'string' }
  return input === undefined || (isJsonArray(input) && input.length > 0) ? {} : { input }
}

const formOfTools = (body: JsonObject): JsonObject => {
  const tools = member(body, 'tools')
  return tools === undefined || (isJsonArray(tools) && tools.length > 0) ? {} : { tools }
}
