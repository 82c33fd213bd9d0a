/** Sets of one owner are cleared together. */
export interface VectorSetPlace {
  readonly owner: string
  readonly name: string
}

export interface VectorSetLook {
  readonly isEmpty: boolean
  /** Another one whenever sets of the owner were cleared, or lost. */
  readonly epoch: string
}

/** What lies beside a vector. Nobody here reads it. */
export interface VectorEntry {
  readonly id: string
  readonly record: string
  /** Written by `note`. */
  readonly notes: string | undefined
}

export interface NewVector {
  readonly id: string
  readonly vector: Float32Array
  readonly record: string
  /** Milliseconds, more than 0. */
  readonly ttl: number
  /** As `look` said it: nothing is added where it is another one by now. */
  readonly epoch: string
  /** Entries of one set, and bytes of all sets; beyond, those unused longest go first. */
  readonly most: number
  readonly mostBytes: number
}

export interface VectorSetsSize {
  readonly sets: number
  readonly entries: number
  /** About. */
  readonly bytes: number
}

/**
 * Vectors that are searched where they lie, for all processes together, each with a text beside it. Everything ends by
 * itself. Calls are bounded in time and reject with `gateway_state_unavailable`, as those of `State` do.
 */
export interface VectorSets {
  /** Whether this Redis has them: since version 8. */
  isSupported(): Promise<boolean>
  look(place: VectorSetPlace): Promise<VectorSetLook>
  /** About the nearest, in about their order, all of them in a small set; none where vectors have another length. */
  nearest(place: VectorSetPlace, vector: Float32Array, count: number): Promise<readonly VectorEntry[]>
  get(place: VectorSetPlace, id: string): Promise<VectorEntry | undefined>
  /** Replaces one with the same id, but not its notes. Nothing where the set has vectors of another length. */
  add(place: VectorSetPlace, one: NewVector): Promise<void>
  /** Writes notes where the entry is still there and has those of before; resolves to whether it had. */
  note(place: VectorSetPlace, before: VectorEntry, notes: string): Promise<boolean>
  remove(place: VectorSetPlace, id: string): Promise<void>
  /** Resolves to how many entries there were. It looks at every key. @param owner undefined for all */
  clear(owner: string | undefined): Promise<number>
  size(): Promise<VectorSetsSize>
}
