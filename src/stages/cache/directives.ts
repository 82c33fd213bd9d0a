/** What a client says of the cache about one request, in the words of RFC 9111. */
export interface Directives {
  /** Nothing of this exchange is looked up or kept. */
  readonly noStore: boolean
  /** Asked anew; the answer is kept. */
  readonly noCache: boolean
  /** Milliseconds that an answer may be old; undefined for any age. */
  readonly maxAge: number | undefined
}

const nothingSaid: Directives = { noStore: false, noCache: false, maxAge: undefined }

/** Words that are not understood say nothing. */
export const readDirectives = (header: string | null): Directives => {
  if (header === null) return nothingSaid
  let said = nothingSaid
  for (const word of header.toLowerCase().split(',')) {
    const [name, value] = word.split('=', 2).map((text) => text.trim())
    if (name === 'no-store') said = { ...said, noStore: true }
    if (name === 'no-cache') said = { ...said, noCache: true }
    if (name === 'max-age' && value !== undefined && /^\d{1,9}$/.test(value))
      said = { ...said, maxAge: Number(value) * 1000 }
  }
  return said
}
