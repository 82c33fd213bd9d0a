/** Tells what a scanner found: where, and how sure it is where that differs from its rule. */
export type Report = (
  start: number,
  end: number,
  differs?: { readonly confidence?: number; readonly isReportOnly?: boolean },
) => void

/**
 * Reads on from an anchor that stands at `start`, up to `end`, and reports what it finds. Returns where it stopped
 * reading: the same rule is not asked again before there, so a scanner reads no character twice, but for bounded looks
 * back and ahead.
 */
export type Scanner = (text: string, start: number, end: number, report: Report) => number

interface Described {
  /** Unique; kebab-case. */
  readonly id: string
  readonly vendor: string
  /** What a placeholder is named after: `GITHUB_TOKEN`. */
  readonly type: string
  /** 0 to 1; 0.95 for a prefix that nothing else has, 0.8 for a value known by the name that it is assigned to. */
  readonly confidence?: number
  readonly isReportOnly?: boolean
  /** Where the shape is documented, or where the vendor issues such values. */
  readonly source: string
  /** Month in which it was taken from there. */
  readonly seen: string
  /** Texts that hold such a secret: written like shapes (made at test time), the secret between « and ». */
  readonly hits: readonly string[]
  /** Texts that hold none. */
  readonly misses: readonly string[]
}

interface Judged {
  /** Shannon entropy that the value must have, in bits a character. */
  readonly entropy?: number
  /** Must hold for the value. One that returns `doubtful` makes the finding report-only. */
  readonly check?: (value: string) => boolean | 'doubtful'
  /** Repeated characters belong to the format. */
  readonly mayRepeat?: boolean
  /** Example values that vendors publish. */
  readonly known?: readonly string[]
}

/** A value that is known by its own shape. */
export interface TokenRule extends Described, Judged {
  /** See `shape.ts`. */
  readonly shapes: readonly string[]
  /** A short prefix such as `sk-`: a dash before it makes it the end of a longer name. */
  readonly standsAlone?: boolean
}

/** A value that is only known by the name it is assigned to, such as `COHERE_API_KEY=`. */
export interface AssignedRule extends Described, Judged {
  /** Words in the name, lower case. */
  readonly names: readonly string[]
  /** What the value looks like; here a shape may be one run. */
  readonly values: readonly string[]
  /** The name must also speak of a key, token, secret or password; default true. */
  readonly isNamedSecret?: boolean
}

/** What takes a scanner of its own. */
export interface ScannedRule extends Described {
  readonly anchors: readonly string[]
  readonly scan: Scanner
}

export type SecretRule = TokenRule | AssignedRule | ScannedRule
