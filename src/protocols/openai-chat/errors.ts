import type { CanonicalError } from '../../ir/index.ts'
import { decodeOpenaiError, openaiErrorCodec, openaiErrorObject } from '../openai-error-codec.ts'

export const errors = openaiErrorCodec('openai-chat')

/** The canonical error of an `error` member inside an answer or a chunk. */
export const decodeErrorObject = (value: unknown): CanonicalError => decodeOpenaiError('openai-chat', value)

/** The error object that a stream's error chunk carries. */
export const encodeErrorObject = (error: CanonicalError) => openaiErrorObject('openai-chat', error)
