import type { GenerateRequest, JsonObject, Turn, Warning } from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'
import type { EncodedRequest, TargetContext } from '../protocol.ts'
import { type BlockContext, isEmptyText } from './block-context.ts'
import { meaningfulHeaders } from './decode-request.ts'
import { encodeParts } from './encode-parts.ts'
import { encodeSettings } from './encode-settings.ts'
import { encodeTools } from './encode-tools.ts'
import { adoptedTurns } from './foreign-turns.ts'
import { isEmpty, objectMember, ownMember, withRest } from './members.ts'
import { ownRest } from './own.ts'
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
  const turns = isForeign ? adoptedTurns(request.turns) : request.turns
  const limit = request.maxOutputTokens ?? target.maxOutputTokens ?? fallbackMaxTokens
  const body = withRest(
    {
      model: target.model,
      max_tokens: isForeign ? limit : request.maxOutputTokens,
      stream: target.stream ? true : undefined,
      system: encodeSystem(turns, context),
      messages: encodeMessages(turns, context),
      ...encodeTools(request, context),
      ...encodeSettings(request, context, members, limit),
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
    },
    warnings,
  }
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
const encodeSystem = (turns: readonly Turn[], context: BlockContext): unknown => {
  const preamble = turns.filter(isPreamble)
  const [only] = preamble
  if (only === undefined) return undefined
  if (preamble.length === 1 && only.form === 'string' && only.parts.length === 1) {
    const [part] = only.parts
    if (part?.type === 'text') return part.text
  }
  return preamble.flatMap((turn, index) => encodeParts(turn.parts, `turns[${index}].parts`, context))
}

const encodeMessages = (turns: readonly Turn[], context: BlockContext): readonly unknown[] =>
  turns.flatMap((turn, index) => {
    if (isPreamble(turn)) return []
    const message = encodeTurn(turn, `turns[${index}]`, context)
    return message === undefined ? [] : [message]
  })

const encodeTurn = (turn: Turn, path: string, context: BlockContext): unknown => {
  const rest = ownRest(turn) ?? {}
  const role = Object.hasOwn(rest, 'role') ? undefined : turn.role
  const config = withRest({ effort: turn.reasoning?.effort }, objectMember(rest, 'output_config'))
  const settings = isEmpty(config) ? {} : { output_config: config }
  const [first] = turn.parts
  if (turn.form === 'string' && turn.parts.length === 1 && first?.type === 'text') {
    if (!context.isForeign || first.text !== '')
      return withRest({ role, content: first.text, ...settings }, rest)
  }
  const blocks = encodeParts(turn.parts, `${path}.parts`, context)
  if (!context.isForeign) {
    // A system message that only changes the tools or the effort has no content at all.
    const isAbsent = blocks.length === 0 && (turn.role === 'system' || Object.hasOwn(rest, 'content'))
    const content = isAbsent ? undefined : blocks
    return withRest({ role, content, ...settings }, rest)
  }
  // Empty texts and empty messages are refused.
  const said = blocks.filter((block) => !isEmptyText(block))
  if (said.length > 0) return { role, content: said, ...settings }
  if (turn.role === 'system' && !isEmpty(settings)) return { role, ...settings }
  if (turn.role !== 'user') return undefined
  context.warn('approximated', 'empty message', path, 'an empty message is refused')
  return { role, content: [{ type: 'text', text: '(empty)' }] }
}
