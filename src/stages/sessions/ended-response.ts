import { isJsonObject, type JsonText } from '../../ir/index.ts'

/** A response object whose answer failed. `error` in the client's words. */
export const failedResponse = (
  response: JsonText,
  error: { readonly code: string; readonly message: string },
): JsonText => {
  const value: unknown = JSON.parse(response)
  return JSON.stringify({ ...(isJsonObject(value) ? value : {}), status: 'failed', error })
}

/** Nobody writes it any more. */
export const interrupted = (response: JsonText): JsonText =>
  failedResponse(response, {
    code: 'server_error',
    message: 'the gateway was stopped while it wrote this answer; create it again',
  })
