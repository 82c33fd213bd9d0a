import type { Protocol } from '../protocol.ts'
import { conform } from './conform.ts'
import { countTokens } from './count-tokens.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { streamDecoder } from './decode-stream.ts'
import { embed } from './embed.ts'
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

/** Google's Gemini API: generateContent and what belongs to it. */
export const gemini: Protocol = {
  id: 'gemini',
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
  embed,
  models,
}
