import type { Finish, GenerateResponse, JsonObject, Usage } from '../../ir/index.ts'
import { decodeFinish, writeOutcome } from './finish.ts'
import { arrayMember, numberMember, stringMember } from './members.ts'
import { patchOf, type Written } from './patch.ts'
import { decodeUsage, encodeToolUsage, encodeUsage } from './usage.ts'

/** What a response object says about the answer beside its items. */
export interface ResponseHead extends Pick<GenerateResponse, 'id' | 'model' | 'created' | 'serviceTier'> {
  readonly usage?: Usage
  readonly finish?: Finish
  readonly hasRefusal: boolean
}

/** A response object by its canonical fields alone. */
export const writeResponse = (head: ResponseHead, output: readonly unknown[]): Written => ({
  id: head.id,
  object: 'response',
  created_at: head.created,
  ...writeOutcome(head.finish, head.hasRefusal),
  model: head.model,
  output,
  service_tier: head.serviceTier,
  usage: head.usage === undefined ? null : encodeUsage(head.usage),
  tool_usage: encodeToolUsage(head.usage),
})

/** Reads a response object, and what it says beyond the canonical form (`output` apart). */
export const readResponse = (
  response: JsonObject,
): { readonly head: ResponseHead; readonly patch: JsonObject } => {
  const id = stringMember(response, 'id')
  const model = stringMember(response, 'model')
  const created = numberMember(response, 'created_at')
  const serviceTier = stringMember(response, 'service_tier')
  const usage = decodeUsage(response['usage'], response['tool_usage'])
  const finish = decodeFinish(response)
  const head: ResponseHead = {
    ...(id === undefined ? {} : { id }),
    ...(model === undefined ? {} : { model }),
    ...(created === undefined ? {} : { created }),
    ...(serviceTier === undefined ? {} : { serviceTier }),
    ...(usage === undefined ? {} : { usage }),
    ...(finish === undefined ? {} : { finish }),
    hasRefusal: finish?.reason === 'refusal',
  }
  return { head, patch: patchOfResponse(response, head) }
}

/** What a response object says beyond a head; its items are carried as parts. */
export const patchOfResponse = (response: JsonObject, head: ResponseHead): JsonObject =>
  patchOf(response, writeResponse(head, []), arrayMember(response, 'output') === undefined ? [] : ['output'])
