/** How calls are repeated. Durations in milliseconds. */
export interface RetrySettings {
  /** Calls to one target before the next is tried; 1 is no retry. */
  readonly tries: number
  /** The first wait is drawn from 0 to this; each further one from twice as much. */
  readonly backoff: number
  /** No single wait is longer, and a provider that asks for more is left alone instead. */
  readonly longestWait: number
  /** No further call begins so long after the exchange did. */
  readonly deadline: number
  /** Retries as a share of the exchanges, so that an outage is not amplified. */
  readonly budget: number
}

/**
 * Exponential with full jitter: uniform between 0 and `backoff · 2^(n-1)`, never above `longestWait`. A provider that
 * says when to come back is believed.
 * @param failures calls that have failed so far, from 1
 * @param retryAfter milliseconds that the provider asked for
 * @param random 0 to 1
 * @returns milliseconds; undefined when the provider asked for more than anybody waits here
 */
export const backoff = (
  settings: Pick<RetrySettings, 'backoff' | 'longestWait'>,
  failures: number,
  retryAfter: number | undefined,
  random: () => number,
): number | undefined => {
  const cap = Math.min(settings.longestWait, settings.backoff * 2 ** Math.min(failures - 1, 30))
  const drawn = Math.floor(random() * cap)
  if (retryAfter === undefined) return drawn
  return retryAfter > settings.longestWait ? undefined : Math.max(retryAfter, drawn)
}
