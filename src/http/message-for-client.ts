/** An invisible character that no line is broken at. */
const joiner = '\u2060'

/**
 * The words of a refusal, for clients that look for numbers in them. opencode 1.18 takes every error for a passing one
 * whose text holds `429`, `500`, `502`, `503`, `504` or `524`, be it a part of an amount or of an id, and asks five times
 * more within a minute. Where nothing is to be asked again, an invisible character parts these digits for it.
 */
export const messageForClient = (
  message: string,
  { retryable, userAgent }: { readonly retryable: boolean; readonly userAgent: string },
): string =>
  !retryable && /^opencode/i.test(userAgent)
    ? message.replaceAll(/(4(?=29)|5(?=0[0234]|24))/g, `$1${joiner}`)
    : message
