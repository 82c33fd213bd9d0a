import { GatewayError } from '../../errors.ts'
import type { Exchange, Stage } from '../../pipeline/index.ts'
import { holdsSealedState, isSealedState, type StateKeysOf } from '../../sessions/index.ts'
import { summaryIn } from '../../translation/index.ts'
import { applySplices } from '../../wire/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import { type Received, withBody } from '../receive/index.ts'

export interface SummariesParts {
  readonly stateKeys: StateKeysOf
  readonly maxNesting: number
}

/**
 * Conversations that the gateway had compacted go on in words: where a client sends the envelope with the summary, the
 * user says it, before anybody looks at the request's texts. So the firewall reads it, and every provider can.
 */
export const summaries = (parts: SummariesParts): Stage<Exchange & Authenticated & Received, Received> => ({
  name: 'summaries',
  run: (exchange, next) => next(readable(parts, exchange)),
})

const readable = (
  { stateKeys, maxNesting }: SummariesParts,
  { protocol, request, facts, identity }: Exchange & Authenticated & Received,
): Received => {
  const { sessions: codec } = protocol
  if (codec === undefined || !holdsSealedState(request.body)) return { request, facts }
  const key = stateKeys(identity.tenant.organisation).sign
  const said = codec.compactionsOf(request).flatMap(({ start, end, state }) => {
    if (!isSealedState(state)) return []
    const words = summaryIn(state, key)
    if (words === undefined) throw unreadable()
    return [{ start, end, text: codec.userMessage(words) }]
  })
  return said.length === 0
    ? { request, facts }
    : withBody(protocol, request, applySplices(request.body, said), maxNesting)
}

/** To go on without it would be to go on without the conversation. */
const unreadable = (): GatewayError =>
  new GatewayError(
    'gateway_request_invalid',
    'the compaction in this request was not given to this organisation, or was changed: the conversation cannot go on from it',
    { param: 'input' },
  )
