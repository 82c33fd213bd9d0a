import { createHmac } from 'node:crypto'

/** Crockford's: without I, L, O and U, which are taken for others. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The shortest id: 30 bits. */
export const shortestId = 6
/** The longest that a placeholder, however it comes back, may be: what a stream holds back at most. */
export const longestPlaceholder = 32

/** So long that a tag with escaped brackets and underscores still fits into what a stream may hold back. */
const longestLabel = 12

/** Up to 48 characters, of which a placeholder takes the first six, or more where six would say two things. */
export const idOf = (key: Uint8Array, type: string, value: string): string => {
  const digest = createHmac('sha256', key).update(`${type}\0${value}`).digest()
  let id = ''
  let bits = 0
  let held = 0
  for (const byte of digest.subarray(0, 30)) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      id += alphabet[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return id
}

/** The type as far as whole words of it fit: `AWS_SECRET_ACCESS_KEY` is written `AWS_SECRET`. */
export const labelOf = (type: string): string => {
  if (type.length <= longestLabel) return type
  const end = type.lastIndexOf('_', longestLabel)
  return end > 0 ? type.slice(0, end) : type.slice(0, longestLabel)
}

/** How a placeholder is written: a tag, or something of the value's own form that is nobody's. */
export type PlaceholderForm = 'tag' | 'alike'

/**
 * Types that can be written alike. The fakes of a type must be at least 2^32, or two values share one: of reserved
 * telephone numbers there are a hundred, of documentation addresses 768, of card numbers with a reserved issuer none.
 * An e-mail address below a reserved name has as many as its id is long: seven characters are 35 bits.
 */
export const alikeTypes: ReadonlySet<string> = new Set(['EMAIL'])
const shortestAlikeId = 7

/** @param length of the id; a form that needs a longer one takes what it needs */
export const writePlaceholder = (form: PlaceholderForm, type: string, id: string, length: number): string =>
  form === 'alike' && alikeTypes.has(type)
    ? `u${id.slice(0, Math.max(length, shortestAlikeId)).toLowerCase()}@mask.invalid`
    : `[${labelOf(type)}_${id.slice(0, length)}]`
