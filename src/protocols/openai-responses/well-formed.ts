/**
 * Makes text of slices well-formed: some servers split a character over two deltas, and strict JSON parsers refuse half
 * of one. The first half waits for the second; halves that stay alone become U+FFFD.
 */
export class WellFormedText {
  #held = ''

  /** What can be said now: all but a first half at the end. */
  push(slice: string): string {
    const text = this.#held === '' ? slice : this.#held + slice
    const last = text.charCodeAt(text.length - 1)
    const isSplit = last >= 0xd800 && last <= 0xdbff
    this.#held = isSplit ? text.slice(-1) : ''
    const said = isSplit ? text.slice(0, -1) : text
    return said.isWellFormed() ? said : said.toWellFormed()
  }

  /** No second half comes any more. */
  end(): string {
    const left = this.#held === '' ? '' : '\ufffd'
    this.#held = ''
    return left
  }
}
