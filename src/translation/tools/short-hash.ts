import { createHash } from 'node:crypto'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** 24 letters and digits of a SHA-256 (translation.md §1.6): the same text gives the same ones, in every request. */
export const hashedLetters = (...texts: readonly (string | number)[]): string => {
  let rest = BigInt(`0x${sha256(texts)}`)
  let letters = ''
  for (let count = 0; count < 24; count++) {
    letters += digits[Number(rest % 62n)] ?? ''
    rest /= 62n
  }
  return letters
}

/** Eight hex digits of a SHA-256, for the end of a shortened name. */
export const hashedHex = (text: string): string => sha256([text]).slice(0, 8)

const sha256 = (texts: readonly (string | number)[]): string =>
  createHash('sha256').update(texts.join('\u0000')).digest('hex')
