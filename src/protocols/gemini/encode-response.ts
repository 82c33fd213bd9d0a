import {
  type Choice,
  extensionOf,
  type Finish,
  type GenerateResponse,
  isJsonObject,
  type Usage,
} from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'
import type { EncodedResponse, ReplyContext } from '../protocol.ts'
import { noPartsNote, noRoleNote } from './decode-request.ts'
import { contentNote, noCandidatesNote, noContentNote, noIndexNote } from './decode-response.ts'
import { encodePart, type PartContext } from './encode-parts.ts'
import { finishReasonOf } from './finish.ts'
import { type Losses, losses } from './losses.ts'
import { writeMembers } from './read-object.ts'
import { encodeUsage } from './usage.ts'
import type { WireAnswer } from './wire.ts'

/** A canonical answer in Gemini's words. What another provider left without id or model name gets ours. */
export const encodeResponse = (response: GenerateResponse, reply: ReplyContext): EncodedResponse => {
  const lost = losses()
  const extension = extensionOf(response, 'gemini')
  const isOwn = response.protocol === 'gemini'
  const blocked = response.choices.length > 0 && response.choices.every(isBlocked)
  const candidates = blocked ? [] : response.choices.map((choice) => encodeChoice(choice, lost))
  const [first] = response.choices
  const known = {
    candidates: candidates.length > 0 || extension[noCandidatesNote] === true ? candidates : undefined,
    promptFeedback: blocked && first?.finish !== undefined ? encodeBlock(first.finish) : undefined,
    usageMetadata: response.usage && encodeAnswerUsage(response.usage, response.serviceTier),
    modelVersion: response.model ?? (isOwn ? undefined : reply.request.model),
    responseId: response.id ?? (isOwn ? undefined : reply.id),
  }
  return {
    body: writeJson(writeMembers(known, extension)),
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    warnings: lost.warnings,
  }
}

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

/** For parts of an answer: thoughts are output, and there is no turn to name. */
export const answerContext = (lost: Losses): PartContext => ({
  losses: lost,
  path: '',
  keepThoughts: true,
  nameOf: () => undefined,
})

const encodeChoice = (choice: Choice, lost: Losses): object => {
  const extension = extensionOf(choice, 'gemini')
  const parts = choice.parts.flatMap((part) => encodePart(part, answerContext(lost)))
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
    },
    extension,
  )
}
