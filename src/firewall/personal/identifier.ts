/** What a context word speaks of. */
export const contextKinds = [
  'phone',
  'passport',
  'nationalId',
  'taxId',
  'birthDate',
  'bankAccount',
  'card',
  'health',
  'driverLicence',
  'company',
  'crypto',
  'network',
] as const

export type ContextKind = (typeof contextKinds)[number]

/** How much a value says by itself. */
export const strength = {
  no: 0,
  /** Possible, but so is many another number: wants a context word. */
  weak: 1,
  /** Structure and check digits that chance seldom meets. */
  strong: 2,
} as const

export type Strength = (typeof strength)[keyof typeof strength]

/** One kind of number that some office gives to people. */
export interface Identifier {
  readonly type: string
  /** How it is written: see `compileTemplates`. */
  readonly templates: readonly string[]
  /** Takes the value without separators, in upper case. */
  readonly check: (compact: string) => Strength
  /** Kinds of context words that vouch for it. */
  readonly kinds: readonly ContextKind[]
  /** Words that mean this very number: its names and abbreviations, in any language. */
  readonly words?: readonly string[]
  /** Languages (as in the context words) that are written where it is given. */
  readonly languages?: readonly string[]
  /**
   * What is believed without a word, where strong: `any` form; or only the `written` one, all separators of the
   * template in their places. Absent: nothing.
   */
  readonly bare?: 'any' | 'written'
  /** A catch-all for a labelled value: only a word before it counts, and every other reading goes before it. */
  readonly isGeneric?: boolean
}
