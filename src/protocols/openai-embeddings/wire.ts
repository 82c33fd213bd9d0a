/**
 * Shapes of the Embeddings wire as our encoders write them. `wire.test.ts` checks them against the official SDK.
 * Source: OpenAI API reference, embeddings; openai (node) 7.55.0.
 */

/** Texts, or token ids. */
export type EmbeddingInput = string | readonly string[] | readonly number[] | readonly (readonly number[])[]

export interface EmbeddingsRequest {
  readonly model: string
  readonly input: EmbeddingInput
  readonly dimensions?: number
  readonly encoding_format?: 'float' | 'base64'
  readonly user?: string
}

export interface EmbeddingObject<Vector = readonly number[]> {
  readonly object: 'embedding'
  readonly index: number
  readonly embedding: Vector
}

export interface EmbeddingsUsage {
  readonly prompt_tokens: number
  readonly total_tokens: number
}

/** `usage` is left out where nobody counted: a 0 would be a claim. */
export interface EmbeddingsResponse<Vector = readonly number[]> {
  readonly object: 'list'
  readonly data: readonly EmbeddingObject<Vector>[]
  readonly model: string
  readonly usage?: EmbeddingsUsage
}
