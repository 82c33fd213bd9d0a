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
  /** Byte span of the JSON string literal including its quotes (or of the JSON value, where `json` is set). */
  readonly start: number
  readonly end: number
  /** The span holds a JSON value whose strings are the text (tool input as an object), not one string literal. */
  readonly json?: boolean
}

/** A change to a leaf. */
export interface Edit {
  readonly leaf: Leaf
  readonly text: string
}
