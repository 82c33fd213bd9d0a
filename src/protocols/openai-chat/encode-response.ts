import { createHash } from 'node:crypto'
import {
  type Choice,
  extensionOf,
  type GenerateRequest,
  type GenerateResponse,
  type Part,
  type ToolCallPart,
  type Warning,
} from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'
import type { EncodedResponse, ReplyContext } from '../protocol.ts'
import { codePoints, encodeAnnotation, isSayable } from './citations.ts'
import { canonicalFunctionCall, encodeCall, isFunctionCall } from './encode-calls.ts'
import { encodePart, isThinkingPart, protocol } from './encode-parts.ts'
import { encodeFinish, heldBy, isApproximated } from './finish-reason.ts'
import { adoptAnswer, displayDuty, refusalWords } from './foreign-answer.ts'
import { optional } from './members.ts'
import { encodeReasoning } from './reasoning-fields.ts'
import { type Members, restore, spellingKey } from './remainder.ts'
import { encodeUsage } from './usage.ts'

/**
 * A whole answer. One of another protocol shows what runs at the provider by its citations alone.
 * @throws GatewayError `gateway_upstream_invalid` for an answer that ended in a failure: it has no finish reason
 */
export const encodeResponse = (given: GenerateResponse, reply: ReplyContext): EncodedResponse => {
  const isOwn = given.protocol === protocol
  const response = isOwn ? given : adoptAnswer(given)
  const identity = {
    id: chatId(response.id, reply.id),
    created: response.created ?? reply.now,
    model: response.model ?? reply.request.model,
  }
  const canonical = canonicalResponse(response, identity, usesFunctionCall(reply.request))
  return {
    body: writeJson({
      ...restore(canonical, extensionOf(response, protocol)),
      ...(isOwn ? {} : displayDuty(response.choices[0]?.extensions)),
    }),
    headers: { 'content-type': 'application/json' },
    warnings: isOwn ? [] : lossesOf(response),
  }
}

export interface Identity {
  readonly id: string
  readonly created: number
  readonly model: string
}

/** An id in this protocol's form: another one shows in it, so that logs can be joined. */
export const chatId = (id: string | undefined, exchange: string): string => {
  if (id === undefined) return `chatcmpl-${exchange}`
  return id.startsWith('chatcmpl-') ? id : `chatcmpl-${id}`
}

/** The answer without its own extension; those of choices and parts are in. */
export const canonicalResponse = (
  response: GenerateResponse,
  identity: Identity,
  oldForm: boolean,
): Members => ({
  id: identity.id,
  object: 'chat.completion',
  created: identity.created,
  model: identity.model,
  choices: response.choices.map((choice) =>
    restore(canonicalChoice(choice, identity.id, oldForm), extensionOf(choice, protocol)),
  ),
  ...(response.usage === undefined ? {} : { usage: encodeUsage(response.usage) }),
  ...optional('service_tier', response.serviceTier),
})

/** @param oldForm the client declared `functions`: a single call is answered as `function_call` */
export const canonicalChoice = (choice: Choice, seed: string, oldForm: boolean): Members => {
  const calls = choice.parts.filter((part) => part.type === 'tool-call')
  const [only] = calls
  const functionCall =
    only?.kind === 'function' && calls.length === 1 && (oldForm || isFunctionCall(only)) ? only : undefined
  const held = heldBy(choice.parts)
  const reason = choice.finish === undefined ? null : encodeFinish(choice.finish, held)
  return {
    index: choice.index,
    message: {
      role: 'assistant',
      content: contentOf(choice),
      refusal: refusalOf(choice),
      ...thoughtsOf(choice.parts),
      ...(functionCall === undefined ? callsOf(calls, choice, seed) : functionCallOf(functionCall)),
      ...annotationsOf(choice.parts),
      ...audioOf(choice.parts),
      ...imagesOf(choice.parts),
    },
    logprobs: null,
    finish_reason: reason === 'tool_calls' && functionCall !== undefined ? 'function_call' : reason,
  }
}

const contentOf = (choice: Choice): string | readonly unknown[] | null => {
  if (extensionOf(choice, protocol)[spellingKey] === 'list') {
    return choice.parts
      .filter((part) => part.type === 'text' || part.type === 'opaque' || isThinking(part))
      .map(encodePart)
      .filter((part) => part !== undefined)
  }
  const texts = choice.parts.filter((part) => part.type === 'text')
  return texts.length === 0 ? null : texts.map((part) => part.text).join('')
}

const isThinking = (part: Part): boolean => part.type === 'reasoning' && isThinkingPart(part)

/** The words of a refusal; one without any words says that it is one. */
const refusalOf = ({ parts, finish }: Choice): string | null => {
  const refusals = parts.filter((part) => part.type === 'refusal')
  if (refusals.length > 0) return refusals.map((part) => part.text).join('')
  const text = parts.some((part) => part.type === 'text' && part.text !== '')
  return refusalWords(finish, { text, refusal: false }) ?? null
}

const thoughtsOf = (parts: readonly Part[]): Members => {
  const thoughts = parts.filter((part) => part.type === 'reasoning').filter((part) => !isThinkingPart(part))
  return encodeReasoning(thoughts)
}

const callsOf = (calls: readonly ToolCallPart[], choice: Choice, seed: string): Members =>
  calls.length === 0
    ? {}
    : { tool_calls: calls.map((part, index) => encodeCall(part, createdCallId(seed, choice.index, index))) }

const functionCallOf = (part: ToolCallPart): Members => ({
  function_call: restore(
    canonicalFunctionCall(part),
    isFunctionCall(part) ? extensionOf(part, protocol) : {},
  ),
})

/** An id for a call that came without one; the same for the same answer. */
export const createdCallId = (seed: string, choice: number, index: number): string =>
  `call_${createHash('sha256').update(`${seed}:${choice}:${index}`).digest('hex').slice(0, 24)}`

const annotationsOf = (parts: readonly Part[]): Members => {
  const annotations: unknown[] = []
  let start = 0
  for (const part of parts) {
    if (part.type !== 'text') continue
    const length = codePoints(part.text)
    for (const citation of part.citations ?? []) {
      const annotation = encodeAnnotation(citation, { start, length })
      if (annotation !== undefined) annotations.push(annotation)
    }
    start += length
  }
  return annotations.length === 0 ? {} : { annotations }
}

const audioOf = (parts: readonly Part[]): Members => {
  const audio = parts.find((part) => part.type === 'audio')
  if (audio === undefined || audio.source.type !== 'base64') return {}
  const said = { data: audio.source.data, ...optional('transcript', audio.transcript) }
  return { audio: restore(said, extensionOf(audio, protocol)) }
}

/** Generated pictures; a dialect's field (OpenRouter). */
const imagesOf = (parts: readonly Part[]): Members => {
  const images = parts.filter((part) => part.type === 'image').map(encodePart)
  return images.length === 0 ? {} : { images }
}

/** Did the client declare its tools in the form of before `tools`? */
export const usesFunctionCall = (request: GenerateRequest): boolean =>
  request.tools.length > 0 &&
  request.tools.every((tool) => extensionOf(tool, protocol)[spellingKey] === 'functions')

const lossesOf = (response: GenerateResponse): readonly Warning[] =>
  response.choices.flatMap((choice) => [
    ...choice.parts.flatMap((part, index): readonly Warning[] => {
      const path = `choices[${choice.index}].parts[${index}]`
      if (unsaid.has(part.type)) return [dropped(part.type, path)]
      const isPlaceless = part.type === 'text' && part.citations?.some((citation) => !isSayable(citation))
      return isPlaceless === true ? [dropped('citation', path)] : []
    }),
    ...(choice.finish !== undefined && isApproximated(choice.finish.reason)
      ? [approximatedFinish(choice.finish.reason, choice.index)]
      : []),
  ])

const unsaid: ReadonlySet<Part['type']> = new Set([
  'server-call',
  'server-result',
  'opaque',
  'document',
  'video',
  'json',
])

const dropped = (feature: string, path: string): Warning => ({
  code: 'dropped',
  feature,
  path,
  reason: 'no counterpart',
})

const approximatedFinish = (reason: string, index: number): Warning => ({
  code: 'approximated',
  feature: `finish reason ${reason}`,
  path: `choices[${index}].finish`,
  reason: 'expressed as stop',
})
