import type { Protocol } from '../protocol.ts'
import { conform } from './conform.ts'
import { continueRequest } from './continue-request.ts'
import { countTokens } from './count-tokens.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { decodeStream } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { encodeStream } from './encode-stream.ts'
import { endpoints } from './endpoints.ts'
import { errors } from './errors.ts'
import { facts, watchedKeys } from './facts.ts'
import { fieldPath } from './field-path.ts'
import { leaves } from './leaves.ts'
import { limitOutput } from './limit-output.ts'
import { meterBody, meterStream } from './meter.ts'
import { models } from './models.ts'
import { protocolId } from './wire.ts'

/** Anthropic Messages, API versions 2023-06-01 and 2026-10-21. */
export const anthropicMessages: Protocol = {
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
    continueRequest,
    decodeResponse,
    encodeResponse,
    fieldPath,
    streamDecoder: decodeStream,
    streamEncoder: encodeStream,
    leaves,
    conform,
  },
  countTokens,
  models,
}
