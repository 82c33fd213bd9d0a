import { GatewayError } from '../../errors.ts'
import type { GenerateRequest, JsonObject, Part, Turn, Warning } from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'
import type { EncodedRequest, TargetContext } from '../protocol.ts'
import { billingNoteOf } from './billing-note.ts'
import { type BlockContext, placeOf } from './block-context.ts'
import { meaningfulHeaders } from './decode-request.ts'
import { encodeParts } from './encode-parts.ts'
import { encodeSettings } from './encode-settings.ts'
import { allTools, encodeTools } from './encode-tools.ts'
import { adoptedFormat } from './foreign-format.ts'
import { ourMark, withOurMarks } from './foreign-marks.ts'
import { effortOf } from './foreign-thinking.ts'
import { adoptedTurns } from './foreign-turns.ts'
import { isEmpty, objectMember, ownMember, withRest } from './members.ts'
import { ownRest } from './own.ts'
import { lastEffort } from './system-places.ts'
import { protocolId } from './wire.ts'

/** Required by the API; used where neither the client nor the catalogue gives a limit. */
const fallbackMaxTokens = 8192

/**
 * A `POST /v1/messages` body.
 * @throws GatewayError `gateway_translation_unsupported` for what must not be dropped and cannot be said
 */
export const encodeRequest = (request: GenerateRequest, target: TargetContext): EncodedRequest => {
  const warnings: Warning[] = []
  const isForeign = request.protocol !== protocolId
  const context: BlockContext = {
    side: 'request',
    isForeign,
    shape: 'sparse',
    warn: (code, feature, path, reason) => warnings.push({ code, feature, path, reason }),
  }
  const { headers, members } = splitHeaders(ownRest(request) ?? {})
  const said = isForeign ? adoptedRequest(request, target, context) : ownRequest(request)
  const limit = request.maxOutputTokens ?? target.maxOutputTokens ?? fallbackMaxTokens
  const messages = encodeMessages(said.messages, context)
  const body = withRest(
    {
      model: target.model,
      max_tokens: isForeign ? limit : request.maxOutputTokens,
      stream: target.stream ? true : undefined,
      system: encodeSystem(said.preamble, context),
      messages,
      ...encodeTools(said.request, context),
      ...encodeSettings(said.request, { context, rest: members, maxTokens: limit, target }),
    },
    members,
  )
  return {
    path: '/v1/messages',
    body: writeJson(body),
    headers: {
      'content-type': 'application/json',
      // The newest version refuses sampling parameters (translation.md §2).
      'anthropic-version': '2023-06-01',
      ...headers,
      ...(isForeign ? betaHeader(said.messages, headers['anthropic-beta']) : {}),
    },
    warnings,
  }
}

interface SaidRequest {
  readonly request: GenerateRequest
  readonly preamble: readonly Turn[]
  readonly messages: readonly Turn[]
}

const ownRequest = (request: GenerateRequest): SaidRequest => ({
  request,
  preamble: request.turns.filter(isPreamble),
  messages: request.turns.filter((turn) => !isPreamble(turn)),
})

/** A request of another protocol in the shapes of this one. */
const adoptedRequest = (
  request: GenerateRequest,
  { capabilities }: TargetContext,
  context: BlockContext,
): SaidRequest => {
  const { emulated, ...format } = adoptedFormat(request, capabilities, context)
  const turns = adoptedTurns(request.turns, capabilities, context)
  const effort = lastEffort(capabilities?.midSystem === true ? turns.preamble : request.turns)
  const options = request.promptCacheOptions?.['ttl']
  const { tools, preamble, messages } = withOurMarks(
    { tools: allTools(request, context), preamble: turns.preamble, messages: turns.messages },
    { lifetime: typeof options === 'string' ? options : undefined, whole: request.cache !== undefined },
    context,
  )
  return {
    request: {
      ...request,
      ...format,
      tools,
      ...(request.cache === undefined ? {} : { cache: ourMark(request.cache) }),
      ...(effort === undefined ? {} : { reasoning: { ...request.reasoning, effort } }),
    },
    preamble: emulated === undefined ? preamble : [...preamble, emulated],
    messages,
  }
}

/** Efforts in system messages are a beta of the API. */
const effortBeta = 'mid-conversation-output-config-2026-07-01'

const betaHeader = (messages: readonly Turn[], betas: string | undefined): Record<string, string> => {
  const isNeeded = messages.some((turn) => turn.role === 'system' && turn.reasoning?.effort !== undefined)
  if (!isNeeded || betas?.includes(effortBeta) === true) return {}
  return { 'anthropic-beta': betas === undefined ? effortBeta : `${betas},${effortBeta}` }
}

/** The request's extension holds body members and, under their hyphenated names, headers. */
const splitHeaders = (
  rest: JsonObject,
): { readonly headers: Record<string, string>; readonly members: JsonObject } => {
  const headers: Record<string, string> = {}
  const names: readonly string[] = meaningfulHeaders
  for (const name of names) {
    const value = ownMember(rest, name)
    if (typeof value === 'string') headers[name] = value
  }
  return {
    headers,
    members: Object.fromEntries(Object.entries(rest).filter(([key]) => !names.includes(key))),
  }
}

const isPreamble = (turn: Turn): boolean => turn.role === 'system' && turn.placement !== 'inline'

/** One string where the source wrote one, else a list of blocks. */
const encodeSystem = (preamble: readonly Turn[], context: BlockContext): unknown => {
  const [only] = preamble
  if (only === undefined) return undefined
  const [part] = only.parts
  if (preamble.length === 1 && only.form === 'string' && isOneString(only.parts) && part?.type === 'text') {
    return context.isForeign && part.text === '' ? undefined : part.text
  }
  const note = context.isForeign ? undefined : billingNoteOf(only)
  const blocks = preamble.flatMap((turn) => {
    if (context.isForeign) turn.parts.forEach(refuseMediaInSystem)
    return encodeParts(turn.parts, 'system', context)
  })
  if (context.isForeign && blocks.length === 0) return undefined
  return note === undefined ? blocks : [note, ...blocks]
}

const isOneString = (parts: readonly Part[]): boolean =>
  parts.length === 1 && parts[0]?.type === 'text' && parts[0].cache === undefined

/** System text is text (translation.md §4.1, S7). */
const refuseMediaInSystem = (part: Part): void => {
  if (part.type === 'text') return
  throw new GatewayError('gateway_translation_unsupported', `system text cannot hold ${part.type} parts`, {
    param: placeOf(part, 'system'),
  })
}

const encodeMessages = (messages: readonly Turn[], context: BlockContext): readonly unknown[] =>
  messages.map((turn) => (context.isForeign ? encodeAdopted(turn, context) : encodeOwn(turn, context)))

/** Everything that the API wants of a message has been seen to (`adoptedTurns`). */
const encodeAdopted = (turn: Turn, context: BlockContext): unknown => {
  const [first] = turn.parts
  if (turn.name !== undefined) {
    context.warn('dropped', 'name', `${placeOf(turn, 'turns')}.name`, 'no counterpart')
  }
  const content =
    turn.form === 'string' && isOneString(turn.parts) && first?.type === 'text'
      ? first.text
      : encodeParts(turn.parts, placeOf(turn, 'turns'), context)
  const effort = turn.role === 'system' ? turn.reasoning?.effort : undefined
  return {
    role: turn.role,
    content: turn.parts.length === 0 ? undefined : content,
    output_config: effort === undefined ? undefined : { effort: effortOf(effort) },
  }
}

const encodeOwn = (turn: Turn, context: BlockContext): unknown => {
  const rest = ownRest(turn) ?? {}
  const role = Object.hasOwn(rest, 'role') ? undefined : turn.role
  const config = withRest({ effort: turn.reasoning?.effort }, objectMember(rest, 'output_config'))
  const settings = isEmpty(config) ? {} : { output_config: config }
  const [first] = turn.parts
  if (turn.form === 'string' && turn.parts.length === 1 && first?.type === 'text') {
    return withRest({ role, content: first.text, ...settings }, rest)
  }
  const blocks = encodeParts(turn.parts, 'messages', context)
  // A system message that only changes the tools or the effort has no content at all.
  const isAbsent = blocks.length === 0 && (turn.role === 'system' || Object.hasOwn(rest, 'content'))
  return withRest({ role, content: isAbsent ? undefined : blocks, ...settings }, rest)
}
