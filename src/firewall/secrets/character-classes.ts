const digits = '0123456789'
const lower = 'abcdefghijklmnopqrstuvwxyz'
const upper = lower.toUpperCase()

/** The sets of characters that shapes are made of; all ASCII. */
const members = {
  digit: digits,
  lower,
  upper,
  letter: lower + upper,
  hex: `${digits}abcdefABCDEF`,
  lowerhex: `${digits}abcdef`,
  upperhex: `${digits}ABCDEF`,
  loweralnum: lower + digits,
  upperalnum: upper + digits,
  alnum: lower + upper + digits,
  word: `${lower}${upper}${digits}_`,
  slug: `${lower}${upper}${digits}_-`,
  dotted: `${lower}${upper}${digits}_-.`,
  base64: `${lower}${upper}${digits}+/`,
  anybase64: `${lower}${upper}${digits}+/_-`,
  base58: '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz',
  bech32: 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L',
  base32: `${upper}234567`,
  pad: '=',
  padded: `${lower}${upper}${digits}_-=`,
  entra: `${lower}${upper}${digits}_~.`,
  entradash: `${lower}${upper}${digits}_~.-`,
  percent: `${lower}${upper}${digits}%`,
  header: `${lower}${upper}${digits}_-=~@.+/:|`,
  /** What a quoted or bare password may hold. */
  password: `${lower}${upper}${digits}_-=~@.+/:|!#$%^&*?()[]{}`,
} as const

export type ClassName = keyof typeof members

const names: readonly string[] = Object.keys(members)

const bits: Uint32Array = (() => {
  const table = new Uint32Array(128)
  Object.values(members).forEach((characters, index) => {
    for (const character of characters) {
      const code = character.charCodeAt(0)
      table[code] = (table[code] ?? 0) | (1 << index)
    }
  })
  return table
})()

/** The bit of a class in `isIn`, or 0 for a name that is no class. */
export const classBit = (name: string): number => {
  const index = names.indexOf(name)
  return index < 0 ? 0 : 1 << index
}

/** Is the character with this code in the class with this bit? Codes beyond ASCII and NaN are in none. */
export const isIn = (code: number, bit: number): boolean => code < 128 && ((bits[code] ?? 0) & bit) !== 0

/** The characters of a class, for tests and examples. */
export const charactersOf = (name: ClassName): string => members[name]

const wordBit = classBit('word')
const hexBit = classBit('hex')

/** A letter of ASCII, a digit or `_`: what a secret may not be glued to. */
export const isWord = (code: number): boolean => isIn(code, wordBit)

/**
 * Can a secret begin here? One that begins with a word character does not after another, unless that one ends an escape
 * (`\n`, `%3D`, `\u0022`).
 */
export const canStart = (text: string, at: number): boolean => {
  if (at === 0 || !isWord(text.charCodeAt(at))) return true
  const before = text.charCodeAt(at - 1)
  if (!isWord(before)) return true
  if (at >= 2 && text.charCodeAt(at - 2) === backslash)
    return before === 110 || before === 114 || before === 116
  if (!isIn(before, hexBit) || at < 3) return false
  if (text.charCodeAt(at - 3) === percent && isIn(text.charCodeAt(at - 2), hexBit)) return true
  return at >= 6 && text.charCodeAt(at - 6) === backslash && text.charCodeAt(at - 5) === 117
}

const base64Bit = classBit('base64')

/**
 * Does this place stand inside a long run of base64, such as an image or a compiled module? There every short prefix
 * comes up by chance behind a `/` or a `+`.
 */
export const isInsideBase64 = (text: string, at: number): boolean => {
  const before = text.charCodeAt(at - 1)
  if ((before !== 47 && before !== 43) || at < 13) return false
  for (let back = 2; back <= 13; back++) if (!isIn(text.charCodeAt(at - back), base64Bit)) return false
  return true
}

const backslash = 92
const percent = 37
