import type { ErrorKind } from '../errors.ts'
import type { ProtocolId } from '../ir/index.ts'

/**
 * The status of a refusal, for clients that ask again at one that means "do not". Codex asks six times at 402, whatever
 * the headers say, and stops at 400 with the message; at 429 `insufficient_quota` it stops as well, but shows words of
 * its own in place of the message. Seen with Codex 0.169; 0.55 asks six times at every status.
 */
export const statusForClient = (
  status: number,
  {
    kind,
    protocol,
    userAgent,
  }: { readonly kind: ErrorKind; readonly protocol: ProtocolId; readonly userAgent: string },
): number =>
  kind === 'payment' && protocol === 'openai-responses' && /^codex/i.test(userAgent) ? 400 : status
