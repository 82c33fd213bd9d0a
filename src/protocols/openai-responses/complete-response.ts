import { extensionOf, type GenerateResponse } from '../../ir/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { echoOf } from './echo.ts'
import { responseId } from './ids.ts'
import { patched, type Written } from './patch.ts'
import { type ResponseHead, writeResponse } from './response-object.ts'
import { tierOf } from './service-tier.ts'
import { protocolId } from './wire.ts'

/**
 * The response object of an answer that has ended. One of our own upstream's repeats the request by itself; for every
 * other the request is repeated from what the client sent.
 */
export const completeResponse = (
  node: Pick<GenerateResponse, 'extensions'>,
  head: ResponseHead,
  output: readonly unknown[],
  reply: ReplyContext,
  echo = () => echoOf(reply.request),
): Written => {
  const own = ownPatch(node)
  if (own !== undefined) return patched(writeResponse(head, output), own)
  const written = foreignResponse(head, output, reply, echo())
  return { ...written, completed_at: written['status'] === 'completed' ? Math.floor(reply.now) : null }
}

/** A response object with the request's echo, for answers that did not come from this protocol. */
export const foreignResponse = (
  head: ResponseHead,
  output: readonly unknown[],
  reply: ReplyContext,
  echo: Written = echoOf(reply.request),
): Written => ({
  ...echo,
  ...writeResponse(
    {
      ...inOurWords(head),
      id: reply.responseId ?? responseId(head.id, reply.id),
      model: head.model ?? reply.request.model,
      created: Math.floor(head.created ?? reply.now),
    },
    output,
  ),
})

const inOurWords = ({ serviceTier, ...head }: ResponseHead): ResponseHead => {
  const tier = serviceTier === undefined ? undefined : tierOf(serviceTier)
  return tier === undefined ? head : { ...head, serviceTier: tier }
}

export const ownPatch = (node: Pick<GenerateResponse, 'extensions'>) =>
  node.extensions?.[protocolId] === undefined ? undefined : extensionOf(node, protocolId)
