import type { RawJson } from '../../wire/index.ts'

/**
 * Shapes as this codec writes them: camelCase, unset members left out (proto3's JSON form).
 * Source: ai.google.dev/api/generate-content and @google/genai 3.1, November 2026.
 */
export interface WirePart {
  readonly text?: string
  readonly thought?: true
  readonly thoughtSignature?: string
  readonly inlineData?: WireBlob
  readonly fileData?: WireFile
  readonly functionCall?: WireFunctionCall
  readonly functionResponse?: WireFunctionResponse
  readonly executableCode?: RawJson
  readonly codeExecutionResult?: RawJson
  readonly toolCall?: WireToolCall
  readonly toolResponse?: WireToolResponse
  readonly mediaResolution?: { readonly level: string }
}

export interface WireBlob {
  readonly mimeType: string
  /** Base64. */
  readonly data: string
  readonly displayName?: string
}

export interface WireFile {
  readonly fileUri: string
  readonly mimeType?: string
  readonly displayName?: string
}

export interface WireFunctionCall {
  readonly id?: string
  readonly name: string
  readonly args?: RawJson
}

export interface WireFunctionResponse {
  readonly id?: string
  readonly name: string
  readonly response: RawJson
  readonly parts?: readonly object[]
}

export interface WireToolCall {
  readonly id?: string
  readonly toolType: string
  readonly args: RawJson
}

export interface WireToolResponse {
  readonly id?: string
  readonly toolType: string
  readonly response: RawJson
}

export interface WireContent {
  readonly role?: string
  readonly parts?: readonly object[]
}

export interface WireCandidate {
  readonly content?: WireContent
  readonly finishReason?: string | number
  readonly finishMessage?: string
  readonly index?: number
}

/** A whole answer, and each chunk of a streamed one. */
export interface WireAnswer {
  readonly candidates?: readonly WireCandidate[]
  readonly promptFeedback?: { readonly blockReason: string; readonly blockReasonMessage?: string }
  readonly usageMetadata?: Readonly<Record<string, unknown>>
  readonly modelVersion?: string
  readonly responseId?: string
}
