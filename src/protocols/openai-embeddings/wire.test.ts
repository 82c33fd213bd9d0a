import { expect, test } from 'bun:test'
import type OpenAI from 'openai'
import type { EmbeddingsRequest, EmbeddingsResponse } from './wire.ts'

type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
    : T
type Fits<Ours, Official> = Ours extends Official ? true : false

const checks: {
  readonly request: Fits<Mutable<EmbeddingsRequest>, OpenAI.EmbeddingCreateParams>
  readonly answer: Fits<Mutable<Required<EmbeddingsResponse>>, OpenAI.CreateEmbeddingResponse>
  readonly all: [Exclude<keyof OpenAI.EmbeddingCreateParams, keyof EmbeddingsRequest>] extends [never]
    ? true
    : false
} = { request: true, answer: true, all: true }

test('what the encoders write has the types of the official client', () => {
  expect(Object.values(checks).every(Boolean)).toBe(true)
})
