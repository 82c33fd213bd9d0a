import type { EmbedRequest, EmbedResponse } from '../../ir/index.ts'
import { countTokens } from './compose-answer.ts'

const defaultDimensions = 256

/** Unit vectors that depend on the input alone: equal texts are equal, other texts point elsewhere. */
export const embedVectors = (request: EmbedRequest): EmbedResponse => {
  const dimensions = Math.min(Math.max(request.dimensions ?? defaultDimensions, 1), 4096)
  return {
    protocol: request.protocol,
    model: request.model,
    vectors: request.inputs.map((input) =>
      unitVector(typeof input === 'string' ? input : input.join(' '), dimensions),
    ),
    usage: {
      inputTokens: request.inputs.reduce(
        (sum, input) => sum + (typeof input === 'string' ? countTokens(input) : input.length),
        0,
      ),
    },
  }
}

const unitVector = (text: string, dimensions: number): readonly number[] => {
  const values: number[] = []
  for (let block = 0; values.length < dimensions; block++) {
    const digest = new Bun.CryptoHasher('sha256').update(`${block}:${text}`).digest()
    for (let at = 0; at < digest.length && values.length < dimensions; at += 2) {
      values.push(digest.readUInt16BE(at) / 32767.5 - 1)
    }
  }
  const length = Math.hypot(...values) || 1
  return values.map((value) => value / length)
}
