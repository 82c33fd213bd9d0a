import { extensionOf, type GenerateResponse, type Part, type Warning } from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'
import type { EncodedResponse, ReplyContext } from '../protocol.ts'
import { encodeOutput } from './answer-items.ts'
import { echoOf } from './echo.ts'
import { responseId } from './ids.ts'
import { patched, type Written } from './patch.ts'
import { type ResponseHead, writeResponse } from './response-object.ts'
import { protocolId } from './wire.ts'

/** A whole answer as a response object. */
export const encodeResponse = (response: GenerateResponse, reply: ReplyContext): EncodedResponse => {
  const warnings: Warning[] = []
  const [choice, ...others] = response.choices
  if (others.length > 0) {
    warnings.push({ code: 'dropped', feature: 'candidates', path: 'choices', reason: 'one answer only' })
  }
  const parts = choice?.parts ?? []
  const output = encodeOutput(parts, reply.id, choice?.finish?.reason === 'length', (feature, path, reason) =>
    warnings.push({ code: 'dropped', feature, path, reason }),
  )
  const head = headOf(response, hasRefusal(parts))
  const body = writeJson(completeResponse(response, head, output, reply))
  return { body, headers: { 'content-type': 'application/json' }, warnings }
}

export const hasRefusal = (parts: readonly Part[]): boolean => parts.some((part) => part.type === 'refusal')

const headOf = (response: GenerateResponse, refused: boolean): ResponseHead => {
  const { id, model, created, serviceTier, usage } = response
  const finish = response.choices[0]?.finish
  return {
    ...(id === undefined ? {} : { id }),
    ...(model === undefined ? {} : { model }),
    ...(created === undefined ? {} : { created }),
    ...(serviceTier === undefined ? {} : { serviceTier }),
    ...(usage === undefined ? {} : { usage }),
    ...(finish === undefined ? {} : { finish }),
    hasRefusal: refused,
  }
}

/**
 * The response object of an answer that has ended. One of our own upstream's repeats the request by itself; for every
 * other the request is repeated from what the client sent.
 */
export const completeResponse = (
  node: Pick<GenerateResponse, 'extensions'>,
  head: ResponseHead,
  output: readonly unknown[],
  reply: ReplyContext,
): Written => {
  const own = ownPatch(node)
  if (own !== undefined) return patched(writeResponse(head, output), own)
  const written = foreignResponse(head, output, reply)
  return { ...written, completed_at: written['status'] === 'completed' ? Math.floor(reply.now) : null }
}

/** A response object with the request's echo, for answers that did not come from this protocol. */
export const foreignResponse = (
  head: ResponseHead,
  output: readonly unknown[],
  reply: ReplyContext,
): Written => ({
  ...echoOf(reply.request),
  ...writeResponse(
    {
      ...head,
      id: responseId(head.id, reply.id),
      model: head.model ?? reply.request.model,
      created: Math.floor(head.created ?? reply.now),
    },
    output,
  ),
})

const ownPatch = (node: Pick<GenerateResponse, 'extensions'>) =>
  node.extensions?.[protocolId] === undefined ? undefined : extensionOf(node, protocolId)
