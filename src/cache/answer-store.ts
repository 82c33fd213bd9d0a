/** Where an answer is kept: nobody reads or removes what belongs to another organisation. */
export interface AnswerPlace {
  readonly organisation: string
  /** Hexadecimal: `CacheKey.hash`. */
  readonly hash: string
}

export interface StoreSize {
  readonly entries: number
  readonly bytes: number
  /** Answers that had to go for newer ones, since the start. */
  readonly evicted: number
}

/** Texts that are kept for a while. Everything may be lost at any time. */
export interface AnswerStore {
  /** Rejects where the store cannot be reached. */
  get(place: AnswerPlace): Promise<string | undefined>
  /** @param ttl milliseconds, at least 1. Rejects where the store cannot be reached. */
  set(place: AnswerPlace, text: string, ttl: number): Promise<void>
  /** Removes all of an organisation, or of all where none is named; resolves to how many there were. */
  clear(organisation: string | undefined): Promise<number>
  /** Undefined where nobody counts. */
  size(): StoreSize | undefined
}
