/** One target that may be asked, with what strategies look at. */
export interface Candidate {
  /** Stable name of provider and model. */
  readonly upstream: string
  /** Share for `weighted`, above 0. */
  readonly weight: number
  /** Calls under way. */
  load(): number
  /** Expected milliseconds to the first content; undefined where nothing is known. */
  latency(): number | undefined
  /** Nano-USD that this request is expected to cost; null where no price is known. */
  cost(): bigint | null
}

export interface Turn {
  /** State that belongs to a rule is kept under its name. */
  readonly route: string
  /** Requests of one session go to one place; absent for requests that belong to none. */
  readonly session: string | undefined
}

/** Puts the candidates into the order in which they are tried. Never drops one. */
export type Order = <C extends Candidate>(candidates: readonly C[], turn: Turn) => readonly C[]
