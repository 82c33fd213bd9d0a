const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const timeLength = 10
const counterLength = 4
const randomLength = 12
const counterLimit = 32 ** counterLength
/** Random bytes are fetched for this many ids at once. */
const poolIds = 256

export interface IdSourceOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/**
 * Makes ids like `req_01K9XW3M8N0000F7Q2ZB5T6CJV`: prefix, then 26 characters of Crockford's base 32 as in a ULID:
 * 48 bits of time in milliseconds, a counter within the millisecond, and 60 random bits. Ids of one source
 * sort in the order in which they were made, also when the clock steps back. The random part makes them unique
 * across processes and not guessable from a neighbour; they are names all the same, never credentials.
 */
export const createIdSource = (options: IdSourceOptions = {}): ((prefix: string) => string) => {
  const now = options.now ?? Date.now
  const pool = new Uint8Array(randomLength * poolIds)
  let used = pool.length
  let time = -1
  let timeText = ''
  let counter = 0

  return (prefix) => {
    const current = now()
    counter += 1
    if (current > time || counter >= counterLimit) {
      // A full counter, or a clock behind the last id: the next millisecond is begun early.
      time = Math.max(current, time + (counter >= counterLimit ? 1 : 0))
      timeText = encode(time, timeLength)
      counter = 0
    }
    if (used === pool.length) {
      crypto.getRandomValues(pool)
      used = 0
    }
    let random = ''
    for (const end = used + randomLength; used < end; used += 1) random += alphabet[(pool[used] ?? 0) & 31]
    return `${prefix}_${timeText}${encode(counter, counterLength)}${random}`
  }
}

/** The process's own source. */
export const createId: (prefix: string) => string = createIdSource()

const encode = (value: number, length: number): string => {
  let text = ''
  let rest = value
  for (let place = 0; place < length; place += 1) {
    text = (alphabet[rest % 32] ?? '0') + text
    rest = Math.floor(rest / 32)
  }
  return text
}
