import type { GenerateCodec, Protocol } from '../protocol.ts'
import { conform } from './conform.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { endpoints } from './endpoints.ts'
import { errors } from './errors.ts'
import { facts, watchedKeys } from './facts.ts'
import { fieldPath } from './field-path.ts'
import { leaves } from './leaves.ts'
import { limitOutput } from './limit-output.ts'
import { meterBody, meterStream } from './meter.ts'
import { models } from './models.ts'

const generate: GenerateCodec = {
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  fieldPath,
  streamDecoder,
  streamEncoder,
  leaves,
  conform,
}

/** OpenAI Chat Completions and its dialects, with the models list in OpenAI's shape. */
export const openaiChat: Protocol = {
  id: 'openai-chat',
  endpoints,
  errors,
  watchedKeys,
  facts,
  meterBody,
  meterStream,
  limitOutput,
  generate,
  models,
}
