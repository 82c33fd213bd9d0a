import type { ErrorKind } from '../../errors.ts'
import { type CanonicalError, extensionOf, isJsonObject, type JsonObject } from '../../ir/index.ts'
import { decodeOpenaiError, openaiErrorCodec, openaiErrorObject } from '../openai-error-codec.ts'
import type { ErrorCodec } from '../protocol.ts'
import { objectMember } from './members.ts'
import type { Written } from './patch.ts'
import { protocolId, type WireEvents } from './wire.ts'

const shared = openaiErrorCodec(protocolId)

/** OpenAI's error shape. An unknown model is 400 here and 404 in Chat Completions (translation.md §13.1). */
export const errors: ErrorCodec = {
  encode(error, context) {
    const encoded = shared.encode(error, context)
    const isOurs = error.extensions?.[protocolId] === undefined
    return isOurs && error.kind === 'unknown_model' ? { ...encoded, status: 400 } : encoded
  },
  decode: (status, headers, body) => shared.decode(status, headers, body),
}

/** The `error` member of a failed response object, or of an `error` event (nested or flat). */
export const decodeStreamError = (value: unknown): CanonicalError => {
  const error = decodeOpenaiError(protocolId, value)
  const kind = kindByCode[error.code ?? ''] ?? error.kind
  return { ...error, kind }
}

/** Codes of streams, which have no HTTP status to go by. */
const kindByCode: Readonly<Record<string, ErrorKind>> = {
  server_error: 'internal',
  server_overloaded: 'overloaded',
  server_is_overloaded: 'overloaded',
  slow_down: 'overloaded',
  rate_limit_exceeded: 'rate_limit',
  invalid_prompt: 'bad_request',
}

/** The members of an `error` event: flat, as the type file has it, and nested, as the service and the SDK have it. */
export const errorEvent = (error: CanonicalError): WireEvents['error'] => {
  const { message, type, param, code } = openaiErrorObject(protocolId, error)
  const said = {
    code: typeof code === 'string' ? code : null,
    message: typeof message === 'string' ? message : error.message,
    param: typeof param === 'string' ? param : null,
  }
  return { ...said, error: { type, ...said } }
}

/** `response.error`: Codex and others choose what to do by its code. */
export const responseError = (error: CanonicalError): Written => ({
  code: codeOf(error),
  message: error.message,
})

const codeOf = (error: CanonicalError): string => {
  const { error: members } = extensionOf(error, protocolId)
  if (isJsonObject(members) && error.code !== undefined) return error.code
  switch (error.kind) {
    case 'context_too_long':
      return 'context_length_exceeded'
    case 'rate_limit':
      return 'rate_limit_exceeded'
    case 'quota':
    case 'payment':
      return 'insufficient_quota'
    case 'overloaded':
      return 'server_overloaded'
    case 'bad_request':
      return 'invalid_prompt'
    default:
      return 'server_error'
  }
}

/** What a failed response object says about its error. */
export const errorOfResponse = (response: JsonObject): CanonicalError =>
  decodeStreamError(
    objectMember(response, 'error') ?? { message: 'the provider says that the answer failed' },
  )
