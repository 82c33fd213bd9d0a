/** A comment, its marks included, without the line end behind it. UTF-16 code units, `end` not included. */
export interface Comment {
  readonly start: number
  readonly end: number
  /** A directive, or nothing that may go where it stands. */
  isKept: boolean
}

/** White space at the beginning of a line of code of which so many units are enough. */
export interface Indentation {
  readonly start: number
  readonly end: number
  readonly keep: number
}

/** What a scanner found in code that it understood to the end. */
export interface Scan {
  readonly comments: readonly Comment[]
  /** Only where it was asked for, in order. */
  readonly indentations: readonly Indentation[]
}

/**
 * Reads code once, from its first unit to its last, in linear time. Pure.
 * @param indentations note the beginnings of lines as well
 * @returns undefined where anything is doubtful: a literal that does not end, brackets that do not fit, a sign that the
 *   language does not have
 */
export type Scanner = (code: string, indentations: boolean) => Scan | undefined
