/** `ok`: it answered, and not that it is broken. `failed`: it said that it is. The others: it said nothing. */
export type ProbeResult = 'ok' | 'failed' | 'timeout' | 'unreachable'
