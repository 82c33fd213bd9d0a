import { GatewayError } from '../../errors.ts'
import {
  type AudioPart,
  type Choice,
  extend,
  type GenerateResponse,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Part,
  type TextPart,
} from '../../ir/index.ts'
import { type JsonDocument, parseDocument } from '../../wire/index.ts'
import type { WireResponse } from '../protocol.ts'
import { codePoints, decodeAnnotation } from './citations.ts'
import { decodeCall, decodeFunctionCall } from './decode-calls.ts'
import { decodeContent, decodePart } from './decode-parts.ts'
import { protocol } from './encode-parts.ts'
import { canonicalChoice, canonicalResponse, chatId } from './encode-response.ts'
import { decodeFinish, heldBy } from './finish-reason.ts'
import { arrayOf, isJsonArray, numberOf, objectOf, optional, stringOf } from './members.ts'
import { decodeReasoning } from './reasoning-fields.ts'
import { remainder, spellingKey } from './remainder.ts'
import { decodeUsage } from './usage.ts'

/**
 * A whole answer in canonical form.
 * @throws GatewayError `gateway_upstream_invalid` when it is not a JSON object, or an error object under status 200
 */
export const decodeResponse = (wire: WireResponse): GenerateResponse => {
  const document = parseBody(wire.body)
  const body = objectOf(document.value)
  if (body === undefined) throw invalid('the provider answered with something that is not a JSON object')
  if (isJsonObject(body['error']) && !isJsonArray(body['choices'])) {
    throw invalid('the provider answered with an error object under a success status')
  }
  const response: GenerateResponse = {
    protocol,
    ...optional('id', stringOf(body['id'])),
    ...optional('model', stringOf(body['model'])),
    ...optional('created', numberOf(body['created'])),
    choices: arrayOf(body['choices']).map((choice, index) => decodeChoice(choice, index, document)),
    ...optional('usage', decodeUsage(body['usage'])),
    ...optional('serviceTier', stringOf(body['service_tier'])),
  }
  const identity = {
    id: chatId(response.id, ''),
    created: response.created ?? 0,
    model: response.model ?? '',
  }
  const canonical = canonicalResponse(response, identity, false)
  return { ...response, ...extend(protocol, remainder(body, canonical, document)) }
}

const parseBody = (body: Uint8Array): JsonDocument => {
  try {
    return parseDocument(new TextDecoder().decode(body))
  } catch (error) {
    throw invalid('the provider answered with something that is not JSON', error)
  }
}

const invalid = (message: string, cause?: unknown) =>
  new GatewayError('gateway_upstream_invalid', message, { cause })

const decodeChoice = (value: JsonValue, position: number, document: JsonDocument): Choice => {
  const wire = objectOf(value) ?? {}
  const message = objectOf(wire['message']) ?? {}
  const parts = decodeAnswerParts(message, document)
  const finish = decodeFinish(wire, heldBy(parts))
  const choice: Choice = {
    index: numberOf(wire['index']) ?? position,
    parts,
    ...optional('finish', finish),
  }
  const spelling = isJsonArray(message['content']) ? { [spellingKey]: 'list' } : {}
  const spelled = { ...choice, ...extend(protocol, spelling) }
  const rest = remainder(wire, canonicalChoice(spelled, '', false), document)
  return { ...choice, ...extend(protocol, { ...spelling, ...rest }) }
}

/** Thoughts, words, pictures, refusal, sound, calls: the wire does not say their order. */
const decodeAnswerParts = (message: JsonObject, document: JsonDocument): readonly Part[] => {
  const parts: Part[] = []
  parts.push(...decodeReasoning(message, document))
  parts.push(...withCitations(decodeContent(message['content'], document).parts, message, document))
  for (const image of arrayOf(message['images'])) parts.push(decodePart(image, document))
  const refusal = stringOf(message['refusal'])
  if (refusal !== undefined && refusal !== '') parts.push({ type: 'refusal', text: refusal })
  const audio = decodeAudio(message['audio'], document)
  if (audio !== undefined) parts.push(audio)
  for (const call of arrayOf(message['tool_calls'])) {
    const part = decodeCall(call, document)
    // Servers that always send every member leave an empty call of the other kind.
    if (part.type === 'tool-call') parts.push(part)
  }
  const functionCall = decodeFunctionCall(message['function_call'], document)
  if (functionCall !== undefined) parts.push(functionCall)
  return parts
}

/** Annotations belong to the text; with several text parts, to the one that they begin in. */
const withCitations = (
  parts: readonly Part[],
  message: JsonObject,
  document: JsonDocument,
): readonly Part[] => {
  const annotations = arrayOf(message['annotations'])
  if (annotations.length === 0) return parts
  const cited: Part[] = [...parts]
  let start = 0
  let remaining = annotations
  const lastText = parts.findLastIndex((part) => part.type === 'text')
  parts.forEach((part, index) => {
    if (part.type !== 'text') return
    const place = { start, length: codePoints(part.text) }
    start += place.length
    const mine = remaining.filter((wire) => index === lastText || startOf(wire) < start)
    remaining = remaining.filter((wire) => !mine.includes(wire))
    const citations = mine.map((wire) => decodeAnnotation(wire, place, document))
    if (citations.length > 0) cited[index] = { ...part, citations } satisfies TextPart
  })
  return cited
}

const startOf = (annotation: JsonValue): number => {
  const web = objectOf(objectOf(annotation)?.['url_citation'])
  return numberOf(web?.['start_index']) ?? Number.POSITIVE_INFINITY
}

const decodeAudio = (value: JsonValue | undefined, document: JsonDocument): AudioPart | undefined => {
  const wire = objectOf(value)
  const data = stringOf(wire?.['data'])
  if (wire === undefined || data === undefined || data === '') return undefined
  const transcript = optional('transcript', stringOf(wire['transcript']))
  const part: AudioPart = { type: 'audio', source: { type: 'base64', data }, ...transcript }
  return { ...part, ...extend(protocol, remainder(wire, { data, ...transcript }, document)) }
}
