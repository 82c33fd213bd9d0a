/** A value of another gateway's file, and the line that says it. */
export interface SourceNode {
  /** From 1. */
  readonly line: number
  readonly content: SourceScalar | SourceMap | SourceList
}

export interface SourceScalar {
  readonly type: 'scalar'
  readonly value: string | number | boolean | null
  /** As it is written, without quotes: a number keeps its digits. */
  readonly text: string
}

export interface SourceMap {
  readonly type: 'map'
  readonly entries: ReadonlyMap<string, SourceNode>
}

export interface SourceList {
  readonly type: 'list'
  readonly items: readonly SourceNode[]
}

/** Where something stands in the file that is converted. */
export interface Place {
  /** From 1. */
  readonly line: number
  /** Such as `model_list[0].litellm_params.model`; never a value. */
  readonly path: string
}

/** Something that was said, and where. */
export interface Said<T> extends Place {
  readonly value: T
}
