/**
 * Cheap looks into the bytes of a chunk, so that most chunks pass without a parse. They work on a latin1 view: one
 * conversion and searches in a string cost half of searches in the bytes.
 */

/** A member's name with its quotes; a quote inside a JSON string is escaped, so text cannot imitate it. */
export const memberMarker = (name: string): string => `"${name}"`

const colon = 0x3a

/** Sees the first bytes of a member's value. */
type Wanted = (first: number, second: number) => boolean

/** Where the first member of this name begins whose value is wanted; the end of the text where there is none. */
export const findMember = (text: string, marker: string, wanted: Wanted, from: number): number => {
  let at = text.indexOf(marker, from)
  while (at >= 0) {
    const afterName = skipSpace(text, at + marker.length)
    if (text.charCodeAt(afterName) === colon) {
      const value = skipSpace(text, afterName + 1)
      if (wanted(text.charCodeAt(value), text.charCodeAt(value + 1))) return at
    }
    at = text.indexOf(marker, at + marker.length)
  }
  return text.length
}

export const hasMember = (block: string, marker: string, wanted: Wanted): boolean =>
  findMember(block, marker, wanted, 0) < block.length

const skipSpace = (block: string, from: number): number => {
  let position = from
  while (block.charCodeAt(position) === 0x20 || block.charCodeAt(position) === 0x09) position++
  return position
}

export const isObjectStart = (first: number): boolean => first === 0x7b

/** A string with something in it. */
export const isFilledString = (first: number, second: number): boolean => first === 0x22 && second !== 0x22

/** Anything but null and an empty string, list or object. */
export const isFilled = (first: number, second: number): boolean => {
  if (Number.isNaN(first) || first === 0x6e) return false
  if (first === 0x22) return second !== 0x22
  if (first === 0x5b) return second !== 0x5d
  return first === 0x7b ? second !== 0x7d : true
}
