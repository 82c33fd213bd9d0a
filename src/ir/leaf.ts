/** One text in a request, with its place in the bytes. What the firewall, the compressor and others read and edit. */
export interface Leaf {
  /** Stable within the request: the JSON path, e.g. `messages[2].content[0].text`. */
  readonly id: string
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly kind:
    | 'text'
    | 'tool-input'
    | 'tool-output'
    | 'reasoning'
    | 'description'
    | 'title'
    | 'query'
    | 'embedding'
  readonly text: string
  /**
   * What stands there in the bytes, as latin1. With the kind it decides the text, which may not be decoded yet: who knows
   * what a text holds by its source need not read it.
   */
  readonly source?: string
  /** Byte span of the JSON string literal including its quotes (or of the JSON value, where `json` is set). */
  readonly start: number
  readonly end: number
  /** The span holds a JSON value whose strings are the text (tool input as an object), not one string literal. */
  readonly json?: boolean
}

/** A change to a leaf. Stages may each change the same leaf, as long as their changes do not overlap. */
export interface Edit {
  readonly leaf: Leaf
  /** The whole text as it shall be; valid JSON where the leaf holds a JSON value. */
  readonly text: string
  /** What of the leaf's text was replaced, in order and apart. Absent: all between where old and new text differ. */
  readonly changes?: readonly Change[]
}

/** UTF-16 code units of the leaf's own text, the end not included. An empty span inserts. */
export interface Change {
  readonly start: number
  readonly end: number
  readonly text: string
}
