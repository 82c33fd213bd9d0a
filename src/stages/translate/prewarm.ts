import type { WholeReply } from '../../pipeline/index.ts'
import { encodeAnswer, type Losses, prewarmAnswer, type TranslationTarget } from '../../translation/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { clientFraming, replyContext } from './client-reply.ts'

/**
 * The answer to a client that only wants to warm a cache, where the target cannot be told so: nothing is sent, nothing
 * is billed. Undefined for all other requests, and without decoding them.
 */
export const prewarm = (
  exchange: AttemptExchange,
  target: TranslationTarget,
  losses: Losses,
): WholeReply | undefined => {
  const { protocol, operation, facts, request } = exchange
  if (operation !== 'generate' || facts.maxOutputTokens !== 0 || protocol.generate === undefined)
    return undefined
  const asked = protocol.generate.decodeRequest(request, { locations: true })
  const answer = prewarmAnswer(asked, target)
  if (answer === undefined) return undefined
  losses.warn('approximated', 'prewarm', 'maxOutputTokens', 'this provider cannot be told to warm its cache')
  const { body, headers } = encodeAnswer(answer, {
    client: exchange.session?.draft?.watch(protocol.generate) ?? protocol.generate,
    reply: replyContext(exchange, { ...asked, ...exchange.session?.echoed }),
    framing: clientFraming(exchange),
    losses,
  })
  const bytes = new TextEncoder().encode(body)
  return {
    status: 200,
    headers: new Headers(headers),
    body: bytes,
    outcome: { result: 'success', status: 200, facts: { handles: [] }, responseBytes: bytes.byteLength },
  }
}
