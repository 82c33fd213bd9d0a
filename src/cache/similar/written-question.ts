import { z } from 'zod'
import type { KeptQuestion } from './similar-index.ts'

/** A question as it lies sealed outside of the process. */
export const writtenQuestionShape = z.object({
  v: z.literal(1),
  hash: z.string(),
  text: z.string(),
  /** Base64 of 32-bit floats, little-endian. */
  vector: z.string(),
  answeredAt: z.number(),
  until: z.number(),
})

export type WrittenQuestion = z.output<typeof writtenQuestionShape>

export const observationShape = z.object({ asked: z.string(), similarity: z.number(), isRight: z.boolean() })

export const writtenQuestion = ({
  hash,
  text,
  vector,
  answeredAt,
  until,
}: Omit<KeptQuestion, 'organisation' | 'partition'>): WrittenQuestion => ({
  ...{ v: 1, hash, text, answeredAt, until },
  vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64'),
})

export const unpackedVector = (vector: string): Float32Array => {
  const bytes = Buffer.from(vector, 'base64')
  // A copy begins at a multiple of four.
  const whole = bytes.byteLength - (bytes.byteLength % 4)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + whole))
}
