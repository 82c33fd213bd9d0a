import { openaiErrorCodec } from '../openai-error-codec.ts'

export const errors = openaiErrorCodec('openai-embeddings')
