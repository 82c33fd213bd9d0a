/** Check digit systems. All take compact text: ASCII digits and upper-case letters. */

const digitAt = (text: string, index: number): number => text.charCodeAt(index) - 0x30

/** Value of `0-9A-Z` as 0 to 35. */
export const alphanumericValue = (text: string, index: number): number => {
  const code = text.charCodeAt(index)
  return code < 0x40 ? code - 0x30 : code - 0x37
}

/** Sum of the first digits, each times its weight. */
export const weightedSum = (text: string, weights: readonly number[], from = 0): number => {
  let sum = 0
  for (let index = 0; index < weights.length; index++)
    sum += digitAt(text, from + index) * (weights[index] ?? 0)
  return sum
}

/** ISO/IEC 7812-1. */
export const isLuhn = (text: string): boolean => {
  let sum = 0
  for (let index = text.length - 1, doubled = false; index >= 0; index--, doubled = !doubled) {
    const digit = digitAt(text, index)
    sum += !doubled ? digit : digit < 5 ? digit * 2 : digit * 2 - 9
  }
  return sum % 10 === 0
}

/** Remainder of a text of digits and letters (A = 10 … Z = 35), read as one number. */
export const remainder = (text: string, modulus: number): number => {
  let rest = 0
  for (let index = 0; index < text.length; index++) {
    const value = alphanumericValue(text, index)
    rest = (rest * (value < 10 ? 10 : 100) + value) % modulus
  }
  return rest
}

/** ISO/IEC 7064, MOD 11,10: digits with one check digit. */
export const isMod11And10 = (text: string): boolean => isHybrid(text, 10)

/** ISO/IEC 7064, MOD 37,36: digits and letters with one check character. */
export const isMod37And36 = (text: string): boolean => isHybrid(text, 36)

/** The hybrid systems of ISO/IEC 7064, MOD M+1,M over an alphabet of M characters. */
const isHybrid = (text: string, size: number): boolean => {
  let product = size
  for (let index = 0; index < text.length - 1; index++) {
    const sum = (alphanumericValue(text, index) + product) % size
    product = ((sum === 0 ? size : sum) * 2) % (size + 1)
  }
  return (size + 1 - product) % size === alphanumericValue(text, text.length - 1)
}

/** ISO/IEC 7064, MOD 11-2, the last character 0-9 or X. */
export const isMod11Minus2 = (text: string): boolean => {
  let rest = 0
  for (let index = 0; index < text.length - 1; index++) rest = ((rest + digitAt(text, index)) * 2) % 11
  const check = (12 - rest) % 11
  return text[text.length - 1] === (check === 10 ? 'X' : String(check))
}

const dihedral = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
  [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
  [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
  [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
  [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
  [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
  [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
  [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
  [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
] as const
const permutation = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
  [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
  [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
  [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
  [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
  [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
  [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
] as const

/** Verhoeff's scheme over the dihedral group of order 10. */
export const isVerhoeff = (text: string): boolean => {
  let check = 0
  for (let index = 0; index < text.length; index++) {
    const digit = permutation[index % 8]?.[digitAt(text, text.length - 1 - index)] ?? 0
    check = dihedral[check]?.[digit] ?? 0
  }
  return check === 0
}

/** Every character is the same. */
export const isRepeated = (text: string): boolean => {
  for (let index = 1; index < text.length; index++) {
    if (text.charCodeAt(index) !== text.charCodeAt(0)) return false
  }
  return true
}

/** A date of the Gregorian calendar; months and days from 1. */
export const isDate = (year: number, month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month)

const daysOf = (year: number, month: number): number => {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Two digits of a text as a number. */
export const two = (text: string, index: number): number =>
  digitAt(text, index) * 10 + digitAt(text, index + 1)

/** A date of which the century is not told: February 29th counts where one of the centuries has it. */
export const isShortDate = (year: number, month: number, day: number): boolean =>
  isDate(2000 + year, month, day) || isDate(1900 + year, month, day)
