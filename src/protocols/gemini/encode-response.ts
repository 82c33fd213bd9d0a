import { GatewayError } from '../../errors.ts'
import {
  type Choice,
  extensionOf,
  type Finish,
  type GenerateResponse,
  isJsonObject,
  type Part,
  type Usage,
} from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'
import type { EncodedResponse, ReplyContext } from '../protocol.ts'
import { enumNote, noPartsNote, noRoleNote } from './decode-request.ts'
import { contentNote, noCandidatesNote, noContentNote, noIndexNote } from './decode-response.ts'
import { encodeParts, type PartContext } from './encode-parts.ts'
import { withEnumNumbers } from './enum-numbers.ts'
import { failureOf, finishReasonOf } from './finish.ts'
import { type Losses, losses } from './losses.ts'
import { writeMembers } from './read-object.ts'
import { answeredTier } from './service-tier.ts'
import { encodeUsage } from './usage.ts'
import type { WireAnswer } from './wire.ts'
import { type CandidateMetadata, groundingWriter } from './write-grounding.ts'

/**
 * A canonical answer in Gemini's words. What another provider left without id or model name gets ours.
 * @throws GatewayError `gateway_upstream_invalid` for an answer that ended in a failure: it has no finish reason
 */
export const encodeResponse = (response: GenerateResponse, reply: ReplyContext): EncodedResponse => {
  const lost = losses()
  const extension = extensionOf(response, 'gemini')
  const isOwn = response.protocol === 'gemini'
  const blocked = response.choices.length > 0 && response.choices.every(isBlocked)
  const context = isOwn ? ownContext(lost) : answerContext(lost, reply)
  const candidates = blocked ? [] : response.choices.map((choice) => encodeChoice(choice, context))
  const [first] = response.choices
  if (!isOwn) for (const { finish } of response.choices) noteFinish(finish, lost)
  const known = {
    candidates: candidates.length > 0 || extension[noCandidatesNote] === true ? candidates : undefined,
    promptFeedback: blocked && first?.finish !== undefined ? encodeBlock(first.finish) : undefined,
    usageMetadata:
      response.usage &&
      encodeAnswerUsage(response.usage, isOwn ? response.serviceTier : answeredTier(response.serviceTier)),
    modelVersion: response.model ?? (isOwn ? undefined : reply.request.model),
    responseId: response.id ?? (isOwn ? undefined : reply.id),
  }
  const members = writeMembers(known, extension)
  return {
    body: writeJson(!isOwn && wantsNumbers(reply) ? withEnumNumbers(members) : members),
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    warnings: lost.warnings,
  }
}

/** Did the client ask for enums as numbers? */
export const wantsNumbers = ({ request }: ReplyContext): boolean =>
  extensionOf(request, 'gemini')[enumNote] === true

/** Refused before the model ran: said by `promptFeedback`, without candidates. */
export const isBlocked = (choice: Choice): boolean =>
  choice.finish?.reason === 'filtered-input' && choice.parts.length === 0

export const encodeBlock = (finish: Finish): NonNullable<WireAnswer['promptFeedback']> => ({
  blockReason: 'OTHER',
  ...(finish.message === undefined ? {} : { blockReasonMessage: finish.message }),
})

export const encodeAnswerUsage = (usage: Usage, serviceTier: string | undefined) => ({
  ...encodeUsage(usage),
  ...(serviceTier === undefined ? {} : { serviceTier }),
})

/** For parts of an answer: there is no turn to name, and thoughts come only to who asked for them. */
export const answerContext = (lost: Losses, reply: ReplyContext): PartContext => ({
  side: 'answer',
  lose: lost.lose,
  showsThoughts: asksForThoughts(reply),
  nameOf: () => undefined,
  nextDocument: () => 1,
})

const asksForThoughts = ({ request }: ReplyContext): boolean => {
  const display = request.reasoning?.display
  return display !== undefined && display !== 'none' && display !== 'omitted'
}

const ownContext = (lost: Losses): PartContext => ({
  side: 'own',
  lose: lost.lose,
  showsThoughts: true,
  nameOf: () => undefined,
  nextDocument: () => 1,
})

/** Reasons that have no word here, and say something else than the one written for them. */
const noteFinish = (finish: Finish | undefined, lost: Losses): void => {
  const failure = failureOf(finish)
  if (failure !== undefined) throw new GatewayError('gateway_upstream_invalid', failure)
  if (finish?.reason !== 'pause' && finish?.reason !== 'compacted') return
  lost.add('approximated', 'stop reason', '', `${finish.reason} becomes STOP`)
}

const encodeChoice = (choice: Choice, context: PartContext): object => {
  const extension = extensionOf(choice, 'gemini')
  const parts = encodeParts(choice.parts, context)
  const isUsual = extension[noContentNote] !== true || parts.length > 0
  const inner = extension[contentNote]
  const role = extension['$role'] ?? (extension[noRoleNote] === true ? undefined : 'model')
  const content = writeMembers(
    {
      role,
      // js-genai drops a turn from its history when no part came at all.
      parts: parts.length > 0 ? parts : extension[noPartsNote] === true ? undefined : [{ text: '' }],
    },
    isJsonObject(inner) ? inner : {},
  )
  return writeMembers(
    {
      content: isUsual ? content : undefined,
      finishReason: choice.finish && finishReasonOf(choice.finish),
      finishMessage: choice.finish?.message,
      index: extension[noIndexNote] === true ? undefined : choice.index,
      ...metadataOf(choice.parts),
    },
    // Gemini's own metadata says more than the parts that were read from it.
    extension,
  )
}

const metadataOf = (parts: readonly Part[]): CandidateMetadata => {
  const writer = groundingWriter()
  parts.forEach((part, index) => {
    if (part.type === 'text' || part.type === 'refusal') writer.say(index, part.text)
    if (part.type === 'text') for (const citation of part.citations ?? []) writer.cite(index, citation)
    if (part.type === 'server-call' || part.type === 'server-result') writer.take(part)
  })
  return writer.members()
}
