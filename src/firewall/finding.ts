/** Something that was found in a text. It never holds the value. */
export interface Finding {
  readonly detector: string
  /** What it is, as placeholders and reports name it: `GITHUB_TOKEN`, `EMAIL`. Only `A-Z`, `0-9` and `_`. */
  readonly type: string
  /** Which rule of the detector found it. */
  readonly rule: string
  /** UTF-16 code units in the text, the end not included. */
  readonly start: number
  readonly end: number
  /** 0 to 1. */
  readonly confidence: number
  /** Told of, but neither changed nor refused, whatever the mode. */
  readonly isReportOnly?: boolean
}

/** Finds one kind of thing in texts: a pure function of the text, so that what it found can be remembered. */
export interface Detector {
  readonly id: string
  /** Findings in order of their start; those of one detector never overlap. */
  scan(text: string): readonly Finding[]
}
