import type { Protocol } from '../protocol.ts'
import { conform } from './conform.ts'
import { countTokens } from './count-tokens.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { endpoints } from './endpoints.ts'
import { errors } from './errors.ts'
import { facts } from './facts.ts'
import { fieldPath } from './field-path.ts'
import { watchedKeys } from './handle-references.ts'
import { leaves } from './leaves.ts'
import { limitOutput } from './limit-output.ts'
import { meterBody, meterStream } from './meter.ts'
import { sessions } from './sessions.ts'
import { protocolId } from './wire.ts'

/** OpenAI Responses and Conversations (OpenAPI 2.3.0). Models are listed by the Chat Completions protocol. */
export const openaiResponses: Protocol = {
  id: protocolId,
  endpoints,
  errors,
  watchedKeys,
  facts,
  meterBody,
  meterStream,
  limitOutput,
  generate: {
    decodeRequest,
    encodeRequest,
    decodeResponse,
    encodeResponse,
    fieldPath,
    streamDecoder,
    streamEncoder,
    leaves,
    conform,
  },
  countTokens,
  sessions,
}
