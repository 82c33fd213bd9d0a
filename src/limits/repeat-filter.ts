/**
 * Tells bodies that came a moment ago from those that did not, so that only the former have to be counted. It forgets
 * some when many come, and never takes one for another: what it says is that a body is worth a closer look.
 */
export interface RepeatFilter {
  /**
   * The name of a body that came before within the window; undefined for the first of its kind.
   * @param sender seeds the name, so that nobody is counted with another
   */
  name(body: Uint8Array, sender: string, window: number): string | undefined
}

/** Places of the table; the later of two bodies with one place is remembered. */
const places = 16_384
/** What is looked at of every body. Agents append to their history: two bodies of one length differ near their end. */
const head = 1_024
const tail = 4_096

/** Hashing all of 100 KB takes as long as a small exchange; so that is done only for what looks known. */
export const createRepeatFilter = (now: () => number): RepeatFilter => {
  const marks = new Float64Array(places)
  const times = new Float64Array(places)
  return {
    name(body, sender, window) {
      const time = now()
      const mark = glance(body, sender)
      const place = mark % places
      const isKnown = marks[place] === mark && time - (times[place] ?? 0) <= window
      marks[place] = mark
      times[place] = time
      return isKnown ? Bun.hash.xxHash3(body, BigInt(body.byteLength)).toString(36) : undefined
    },
  }
}

/** Above 0. */
const glance = (body: Uint8Array, sender: string): number => {
  const seed = Bun.hash.xxHash3(sender, BigInt(body.byteLength))
  if (body.byteLength <= head + tail) return toNumber(Bun.hash.xxHash3(body, seed))
  const first = Bun.hash.xxHash3(body.subarray(0, head), seed)
  return toNumber(Bun.hash.xxHash3(body.subarray(body.byteLength - tail), first))
}

const toNumber = (hash: bigint): number => Number(BigInt.asUintN(53, hash)) || 1
