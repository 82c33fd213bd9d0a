import { GatewayError } from '../../errors.ts'
import type { GenerateResponse, JsonObject, Warning } from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'
import type { EncodedResponse, ReplyContext } from '../protocol.ts'
import type { BlockContext } from './block-context.ts'
import { encodeParts } from './encode-parts.ts'
import { adoptedAnswer } from './foreign-answer.ts'
import { messageId } from './identifiers.ts'
import { objectMember, withRest } from './members.ts'
import { ownRest } from './own.ts'
import { answeredTier } from './service-tier.ts'
import { approximated, contentsOf, effectiveFinish, isFailure, writeFinish } from './stop-reason.ts'
import { writeUsage } from './usage.ts'
import { type AnswerShape, answerShape } from './version.ts'
import { protocolId, type WireMessage, type WireUsage } from './wire.ts'

/**
 * A whole message, in the shape of the client's API version.
 * @throws GatewayError `gateway_upstream_invalid` for an answer that ended in a failure: it has no stop reason
 */
export const encodeResponse = (response: GenerateResponse, reply: ReplyContext): EncodedResponse => {
  const warnings: Warning[] = []
  const isForeign = response.protocol !== protocolId
  const shape = answerShape(reply.headers)
  const context: BlockContext = {
    side: 'answer',
    isForeign,
    shape,
    warn: (code, feature, path, reason) => warnings.push({ code, feature, path, reason }),
  }
  const [choice] = response.choices
  if (response.choices.length > 1) {
    context.warn('dropped', 'several answers', 'choices', 'only the first can be said')
  }
  const rest = messageRest(response)
  const finish = effectiveFinish(choice?.finish, contentsOf(choice), reply.headers.get('anthropic-beta'))
  if (isFailure(finish.reason)) {
    throw new GatewayError('gateway_upstream_invalid', finish.message ?? `the answer ended: ${finish.reason}`)
  }
  if (approximated.has(finish.reason) && ownRest(finish) === undefined) {
    context.warn('approximated', `stop reason ${finish.reason}`, 'stop_reason', 'no counterpart')
  }
  const parts = choice?.parts ?? []
  const content = encodeParts(isForeign ? adoptedAnswer(parts, reply.id) : parts, 'content', context)
  const hasFinish = choice?.finish !== undefined || rest === undefined
  const said = withRest(
    {
      id: rest === undefined ? messageId(response.id, reply.id) : response.id,
      model: response.model ?? (rest === undefined ? reply.request.model : undefined),
      content: content.length === 0 ? undefined : content,
      ...(hasFinish ? writeFinish(finish, shape) : {}),
      usage: encodeAnswerUsage(response, shape),
      ...(rest === undefined ? nullMembers(shape) : {}),
    },
    rest ?? {},
  )
  const body = withRest(said, { type: 'message', role: 'assistant', content: [] })
  return {
    body: writeJson(body),
    headers: { 'content-type': 'application/json' },
    warnings,
  }
}

/** A collected stream keeps unknown members of its `message_delta` apart; here they are the message's. */
const messageRest = (response: GenerateResponse): JsonObject | undefined => {
  const rest = ownRest(response)
  if (rest === undefined) return undefined
  const { delta: _delta, ...members } = rest
  return { ...members, ...objectMember(rest, 'delta') }
}

/** Members that the full shape always has. */
export const nullMembers = (
  shape: AnswerShape,
): Pick<WireMessage, 'container' | 'diagnostics'> | Record<string, never> =>
  shape === 'full' ? { container: null, diagnostics: null } : {}

/** The type demands two numbers even where nothing is known. */
const unknownUsage: Pick<WireUsage, 'input_tokens' | 'output_tokens'> = { input_tokens: 0, output_tokens: 0 }

const nullUsage: Omit<WireUsage, 'input_tokens' | 'output_tokens'> = {
  cache_creation_input_tokens: null,
  cache_read_input_tokens: null,
  cache_creation: null,
  output_tokens_details: null,
  server_tool_use: null,
  service_tier: null,
  inference_geo: null,
  speed: null,
}

const encodeAnswerUsage = (response: GenerateResponse, shape: AnswerShape): unknown => {
  const rest = ownRest(response)
  if (response.usage === undefined && rest !== undefined) return undefined
  const written = withRest(
    {
      ...writeUsage(response.usage ?? {}, objectMember(rest ?? {}, 'usage')),
      service_tier: rest === undefined ? answeredTier(response.serviceTier) : response.serviceTier,
    },
    objectMember(rest ?? {}, 'usage'),
  )
  return rest === undefined ? startUsage(written, shape) : written
}

/** Usage with the members that the shape demands. */
export const startUsage = (known: Record<string, unknown>, shape: AnswerShape): Record<string, unknown> => ({
  ...unknownUsage,
  ...(shape === 'full' ? nullUsage : {}),
  ...known,
})
