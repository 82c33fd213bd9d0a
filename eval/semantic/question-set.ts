import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One question of the labelled set. Those of one class have one right answer, those of two never the same. */
export interface LabelledQuestion {
  readonly group: string
  readonly text: string
  /** Of length 1. */
  readonly vector: Float32Array
}

export const questionsFile = join(import.meta.dir, 'questions.tsv')
export const vectorsFile = join(import.meta.dir, 'vectors.bin')

/** Class and text of each, in the order of the file. */
export const readQuestions = (): readonly { readonly group: string; readonly text: string }[] =>
  readFileSync(questionsFile, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [group = '', text = ''] = line.split('\t')
      return { group, text }
    })

/** One byte a value is enough for what is compared here; length 1 comes back when they are read. */
export const packVectors = (vectors: readonly (readonly number[])[]): Buffer =>
  Buffer.concat(
    vectors.map((vector) => {
      const largest = Math.max(...vector.map(Math.abs))
      return Buffer.from(Int8Array.from(vector, (value) => Math.round((value / largest) * 127)).buffer)
    }),
  )

/** The set with the embeddings that were recorded of it. */
export const labelledQuestions = (): readonly LabelledQuestion[] => {
  const questions = readQuestions()
  const bytes = readFileSync(vectorsFile)
  const values = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = values.length / questions.length
  if (!Number.isInteger(length))
    throw new Error('vectors.bin does not belong to questions.tsv: record it anew')
  return questions.map((question, at) => {
    const own = values.subarray(at * length, (at + 1) * length)
    const size = Math.hypot(...own)
    return { ...question, vector: Float32Array.from(own, (value) => value / size) }
  })
}
