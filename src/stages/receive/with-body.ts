import type { Protocol, ScannedRequest } from '../../protocols/index.ts'
import { scanJson } from '../../wire/index.ts'
import type { Received } from './receive.ts'

/**
 * A request in the words of a stage: the same but for its body, which is scanned and read anew.
 * @param body JSON of the gateway's own making, made from the client's
 * @param maxNesting how deep it may nest
 */
export const withBody = (
  protocol: Pick<Protocol, 'watchedKeys' | 'facts'>,
  request: ScannedRequest,
  body: Uint8Array,
  maxNesting: number,
): Received => {
  const changed = { ...request, body, scan: scanJson(body, protocol.watchedKeys, maxNesting) }
  return { request: changed, facts: protocol.facts(changed) }
}
