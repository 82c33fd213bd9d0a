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

/**
 * Behind the code that scanners read, so that looking ahead is never looking beyond: what `charCodeAt` gives there is no
 * integer, and each time costs the compiled code its assumptions.
 */
export const padding = '\0\0\0\0'

/** Where the line ends that `start` lies in, in padded code; its line end not included. */
export const lineEnd = (padded: string, start: number): number => {
  const end = padded.indexOf('\n', start)
  if (end < 0) return padded.length - padding.length
  return padded.charCodeAt(end - 1) === 0x0d ? end - 1 : end
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
