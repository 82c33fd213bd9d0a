/** A reading of a place in the folded text. */
export interface Candidate {
  readonly type: string
  readonly rule: string
  /** Places in the folded text. */
  readonly start: number
  readonly end: number
  readonly confidence: number
  /** Of readings of one place the highest is taken, then the longest. */
  readonly score: number
}

/** Classes of bytes of a folded text. */
export const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x30 && byte <= 0x39

export const isLetter = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a))

export const isAlphanumeric = (byte: number | undefined): boolean => isDigit(byte) || isLetter(byte)

/** Part of a word of a script that sets words apart: what such a byte touches is no value of its own. */
export const isWordByte = (byte: number | undefined): boolean =>
  isAlphanumeric(byte) || byte === 0x5f || byte === 0x80

/** The ASCII text of a span. */
export const asciiOf = (bytes: Uint8Array, start: number, end: number): string => {
  let text = ''
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0)
  return text
}
