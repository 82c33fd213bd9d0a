import type { JsonText } from './json.ts'
import type { Node } from './node.ts'
import type { ProtocolId } from './protocol-id.ts'

/** One piece of a turn. Order within a turn is data. */
export type Part =
  | TextPart
  | RefusalPart
  | ImagePart
  | DocumentPart
  | AudioPart
  | VideoPart
  | ReasoningPart
  | ToolCallPart
  | ToolResultPart
  | JsonPart
  | ServerCallPart
  | ServerResultPart
  | OpaquePart

export interface PartNode extends Node {
  /** A mark "cache up to here". */
  readonly cache?: CacheMark
  /**
   * Opaque model state that belongs to this part and must go back unchanged at the same place:
   * Anthropic's thinking signature or redacted data, OpenAI's encrypted reasoning, Gemini's thought signature.
   */
  readonly state?: ReasoningState
}

export interface CacheMark {
  readonly ttl?: '5m' | '30m' | '1h' | '12h' | '24h' | (string & {})
}

export interface ReasoningState {
  readonly protocol: ProtocolId
  readonly kind: 'signature' | 'redacted' | 'encrypted' | 'thought-signature'
  readonly value: string
}

export interface TextPart extends PartNode {
  readonly type: 'text'
  readonly text: string
  readonly citations?: readonly Citation[]
}

/** Words with which the model declines. */
export interface RefusalPart extends PartNode {
  readonly type: 'refusal'
  readonly text: string
}

export interface ImagePart extends PartNode {
  readonly type: 'image'
  readonly source: MediaSource
  readonly detail?: string
}

export interface DocumentPart extends PartNode {
  readonly type: 'document'
  readonly source: MediaSource | { readonly type: 'parts'; readonly parts: readonly Part[] }
  readonly title?: string
  readonly context?: string
  /** Where a search result comes from, in its own words: mostly an address. */
  readonly url?: string
  /** Should the answer cite from it? */
  readonly wantsCitations?: boolean
}

export interface AudioPart extends PartNode {
  readonly type: 'audio'
  readonly source: MediaSource
  readonly transcript?: string
}

export interface VideoPart extends PartNode {
  readonly type: 'video'
  readonly source: MediaSource
}

/** Base64 text is never re-encoded. `mediaType` is absent where the source did not say. */
export type MediaSource =
  | { readonly type: 'base64'; readonly data: string; readonly mediaType?: string }
  | { readonly type: 'url'; readonly url: string; readonly mediaType?: string }
  | { readonly type: 'file'; readonly id: string; readonly mediaType?: string }
  | { readonly type: 'text'; readonly text: string; readonly mediaType?: string }

/** What the model thought, as far as it shows it. No pieces and a state: hidden reasoning. */
export interface ReasoningPart extends PartNode {
  readonly type: 'reasoning'
  readonly pieces: readonly ReasoningPiece[]
}

export interface ReasoningPiece {
  readonly kind: 'summary' | 'text'
  readonly text: string
}

/** The model asks the client to run a tool. */
export interface ToolCallPart extends PartNode {
  readonly type: 'tool-call'
  /** What correlates call and result; absent where the protocol gave none (older Gemini). */
  readonly id?: string
  readonly name: string
  /** `function`: JSON arguments. `custom`: free text. */
  readonly kind: 'function' | 'custom'
  /** The arguments' source text: of an object, or for `custom` the text itself. May be cut off by a length stop. */
  readonly input: JsonText
  readonly namespace?: string
}

/** What the client's tool answered. */
export interface ToolResultPart extends PartNode {
  readonly type: 'tool-result'
  readonly callId?: string
  /** The tool's name, where the protocol repeats it (Gemini). */
  readonly name?: string
  readonly kind: 'function' | 'custom'
  readonly content: readonly Part[]
  /** `string`: the source wrote one string. It matters for byte stability. */
  readonly form?: 'string'
  readonly isError?: boolean
}

/** A structured value, e.g. Gemini's `functionResponse.response`. */
export interface JsonPart extends PartNode {
  readonly type: 'json'
  readonly json: JsonText
}

/** A tool that runs at the provider, or whose schema is the provider's. */
export type ServerTool =
  | 'web-search'
  | 'web-fetch'
  | 'code-execution'
  | 'shell'
  | 'text-editor'
  | 'file-search'
  | 'image-generation'
  | 'computer'
  | 'mcp'
  | 'tool-search'
  | 'memory'
  | 'advisor'
  | 'other'

export interface ServerCallPart extends PartNode {
  readonly type: 'server-call'
  readonly id?: string
  readonly tool: ServerTool
  readonly name: string
  readonly input: JsonText
  /** MCP server, where there is one. */
  readonly server?: string
  /** The client runs it and answers it (Responses' computer, apply_patch, local shell), not the provider. */
  readonly byClient?: true
}

export interface ServerResultPart extends PartNode {
  readonly type: 'server-result'
  readonly callId?: string
  readonly tool: ServerTool
  readonly name: string
  readonly output: JsonText
  readonly isError?: boolean
  /** MCP server, where there is one. */
  readonly server?: string
}

/** A block that the canonical form has no word for. It lives in `raw`; other protocols drop it with a warning. */
export interface OpaquePart extends PartNode {
  readonly type: 'opaque'
  /** The wire's own type name. */
  readonly name: string
}

export interface Citation extends Node {
  readonly kind:
    | 'web'
    | 'char'
    | 'page'
    | 'block'
    | 'search-result'
    | 'file'
    | 'container-file'
    | 'maps'
    | 'other'
  readonly url?: string
  readonly title?: string
  readonly citedText?: string
  readonly documentIndex?: number
  readonly fileId?: string
  /** In the cited source; unit by `kind` (characters, pages from 1, blocks). End exclusive. */
  readonly sourceStart?: number
  readonly sourceEnd?: number
  /** In the answer's text part, code points, end exclusive; absent where the whole part is meant (Anthropic). */
  readonly start?: number
  readonly end?: number
}
