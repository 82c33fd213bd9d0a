/** UTF-16 code units that scanners look for. */
export const tab = 0x09
export const newline = 0x0a
export const formFeed = 0x0c
export const carriageReturn = 0x0d
export const space = 0x20
export const exclamation = 0x21
export const doubleQuote = 0x22
export const hash = 0x23
export const dollar = 0x24
export const ampersand = 0x26
export const singleQuote = 0x27
export const openParenthesis = 0x28
export const closeParenthesis = 0x29
export const asterisk = 0x2a
export const plus = 0x2b
export const comma = 0x2c
export const minus = 0x2d
export const dot = 0x2e
export const slash = 0x2f
export const colon = 0x3a
export const semicolon = 0x3b
export const less = 0x3c
export const equals = 0x3d
export const greater = 0x3e
export const question = 0x3f
export const at = 0x40
export const openBracket = 0x5b
export const backslash = 0x5c
export const closeBracket = 0x5d
export const backtick = 0x60
export const openBrace = 0x7b
export const closeBrace = 0x7d
export const noBreakSpace = 0xa0
export const byteOrderMark = 0xfeff

/** What a unit is in the languages that look like C and in Python. */
export const Kind = { sign: 0, word: 1, digit: 2, space: 3 } as const
export type Kind = (typeof Kind)[keyof typeof Kind]

/** Letters beyond ASCII are words; its spaces are too, which no code between brackets and quotes minds. */
export const kindOf = (code: number): Kind => {
  const lower = code | 0x20
  if (lower >= 0x61 && (lower <= 0x7a || lower >= 0x80)) return 1
  if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) return 3
  if (code >= 0x30 && code <= 0x39) return 2
  return code === 0x5f ? 1 : 0
}

/** A letter, a digit, an underscore, or anything beyond ASCII. */
export const isWordUnit = (code: number): boolean => {
  const lower = code | 0x20
  if (lower >= 0x61) return lower <= 0x7a || lower >= 0x80 || code === 0x5f
  return code >= 0x30 && code <= 0x39
}

export const isBlank = (code: number): boolean => code === space || code === tab || code === formFeed
