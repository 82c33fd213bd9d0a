/** What is asked about limits. */
export interface LimitsQuestion {
  /** Id of the key whose limits stand how; also those of its user, team and organisation. */
  readonly key: string | undefined
  readonly provider: string | undefined
  readonly model: string | undefined
  /** The only organisation that whoever asks may see; null for all. */
  readonly organisation: string | null
}

export interface LimitsReport {
  readonly rules: readonly ShownRule[]
  /** Absent where whoever asks may see one organisation only. */
  readonly providers?: readonly ShownProviderLimits[]
  /** Null: clients may repeat themselves. */
  readonly runaway: { readonly repeats: number; readonly windowMs: number } | null
  readonly whenAway: 'local' | 'refuse'
  /** How they stand for what was asked about; empty where nothing was. */
  readonly levels: readonly ShownLevel[]
}

export interface ShownWindow {
  readonly unit: string
  /** Null for `concurrent`. */
  readonly per: string | null
  readonly limit: number
  /** How much may come at once. */
  readonly burst: number
}

export interface ShownRule {
  readonly level: string
  readonly match: string | null
  readonly windows: readonly ShownWindow[]
}

export interface ShownProviderLimits {
  readonly provider: string
  readonly per: string
  readonly windows: readonly ShownWindow[]
  readonly queue: { readonly longestWaitMs: number; readonly mostWaiting: number } | null
}

export interface ShownLevel extends ShownWindow {
  readonly level: string
  readonly subject: string | null
  /** What can be taken now; never below 0. */
  readonly left: number
  /** Milliseconds until all of it is there again; null where that is when others end. */
  readonly fullInMs: number | null
}
