import type { PostJson } from '../egress/index.ts'
import type { Delivered } from './hook.ts'
import { signatureHeader, signatureOf } from './signature.ts'

export interface WebhookParts {
  readonly post: PostJson
  readonly now: () => number
  /** Between 0 and 1. */
  readonly random: () => number
  /** Resolves at once when the signal aborts. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

export interface Webhook {
  readonly url: string
  readonly secret: string
  readonly timeout: number
}

const mostTries = 6
/** Milliseconds before the second try; doubled before each further one, so that all of them take about half a minute. */
const firstWait = 1_000

/** Tries until the receiver takes it, says that it never will, or has failed too often. */
export const sendWebhook = async (
  { post, now, random, wait }: WebhookParts,
  { url, secret, timeout }: Webhook,
  body: string,
  signal: AbortSignal,
): Promise<Delivered> => {
  let reason = ''
  for (let tried = 1; tried <= mostTries; tried++) {
    const headers = { [signatureHeader]: signatureOf(secret, body, now()) }
    const result = await post(url, body, { headers, timeoutMs: timeout, signal })
    if ('status' in result && result.status >= 200 && result.status < 300) return { isDelivered: true }
    reason = 'status' in result ? `status ${result.status}` : result.fault
    if (isFinal(result) || tried === mostTries) break
    // Half of the wait is left to chance: hooks that failed together do not come back together.
    const longest = firstWait * 2 ** (tried - 1)
    await wait(longest * (0.5 + 0.5 * random()), signal)
    if (signal.aborted) break
  }
  return { isDelivered: false, reason }
}

/** Nothing would be different the next time: redirects are not followed, and what was refused is the same again. */
const isFinal = (result: Awaited<ReturnType<PostJson>>): boolean =>
  'status' in result
    ? result.status < 500 && result.status !== 408 && result.status !== 425 && result.status !== 429
    : result.fault === 'aborted' || result.fault === 'not-allowed'
