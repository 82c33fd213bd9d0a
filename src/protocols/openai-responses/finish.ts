import type { Finish, FinishReason, JsonObject, JsonValue } from '../../ir/index.ts'
import { isJsonObject } from '../../ir/index.ts'
import { awaitsClient } from './hosted-items.ts'
import { arrayMember, objectMember, stringMember } from './members.ts'
import type { Written } from './patch.ts'

/** Why a response object ended (translation.md §11.1); undefined while it runs. */
export const decodeFinish = (response: JsonObject): Finish | undefined => {
  const items = (arrayMember(response, 'output') ?? []).filter(isJsonObject)
  switch (response['status']) {
    case 'queued':
    case 'in_progress':
      return undefined
    case 'incomplete':
      return {
        reason: incompleteReason(stringMember(objectMember(response, 'incomplete_details') ?? {}, 'reason')),
      }
    case 'failed':
    case 'cancelled': {
      const error = objectMember(response, 'error') ?? {}
      const message = stringMember(error, 'message')
      const reason: FinishReason = isAboutInput(stringMember(error, 'code')) ? 'filtered-input' : 'failed'
      return { reason, ...(message === undefined ? {} : { message }) }
    }
    default:
      return { reason: completedReason(items) }
  }
}

const completedReason = (items: readonly JsonObject[]): FinishReason => {
  if (items.some(awaitsClient)) return 'tool-calls'
  if (items.some((item) => (arrayMember(item, 'content') ?? []).some(isRefusal))) return 'refusal'
  return items.at(-1)?.['type'] === 'compaction' ? 'compacted' : 'end'
}

const isRefusal = (content: JsonValue): boolean => isJsonObject(content) && content['type'] === 'refusal'

const incompleteReason = (reason: string | undefined): FinishReason => {
  switch (reason) {
    case 'max_output_tokens':
      return 'length'
    case 'content_filter':
      return 'filtered-output'
    case 'steered':
    case 'max_messages':
      return 'steered'
    default:
      return 'other'
  }
}

/** Codes that blame the prompt. */
const isAboutInput = (code: string | undefined): boolean =>
  code === 'invalid_prompt' ||
  code === 'bio_policy' ||
  code === 'misalignment_policy_violation' ||
  code === 'image_content_policy_violation'

/** Was the last item cut off where the output ended? */
export const isCut = (reason: FinishReason | undefined): boolean =>
  reason === 'length' || reason === 'context'

/**
 * `status`, `error` and `incomplete_details` (translation.md §11.2).
 * @param hasRefusal the answer says its refusal in a refusal part; otherwise the status has to tell
 */
export const writeOutcome = (finish: Finish | undefined, hasRefusal: boolean): Written => {
  const incomplete = (reason: string): Written => ({
    status: 'incomplete',
    error: null,
    incomplete_details: { reason },
  })
  const completed: Written = { status: 'completed', error: null, incomplete_details: null }
  switch (finish?.reason) {
    case undefined:
      return { ...completed, status: 'in_progress' }
    case 'length':
    case 'context':
      return incomplete('max_output_tokens')
    case 'filtered-output':
    case 'filtered-input':
      return incomplete('content_filter')
    case 'refusal':
      return hasRefusal ? completed : incomplete('content_filter')
    case 'steered':
      return incomplete('steered')
    case 'malformed-call':
    case 'failed':
      return {
        status: 'failed',
        error: { code: 'server_error', message: finish.message ?? 'the answer failed' },
        incomplete_details: null,
      }
    default:
      return completed
  }
}
