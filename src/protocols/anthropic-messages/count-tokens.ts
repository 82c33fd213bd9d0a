import { isJsonObject } from '../../ir/index.ts'
import type { CountTokensCodec } from '../protocol.ts'
import { decodeRequest } from './decode-request.ts'
import { ownMember } from './members.ts'

/** The request is that of `POST /v1/messages` without limits and sampling; the answer is one number. */
export const countTokens: CountTokensCodec = {
  decodeRequest,
  encodeResponse: ({ inputTokens }) => JSON.stringify({ input_tokens: inputTokens }),
  decodeResponse(wire) {
    const value: unknown = JSON.parse(new TextDecoder().decode(wire.body))
    const tokens = isJsonObject(value) ? ownMember(value, 'input_tokens') : undefined
    return { inputTokens: typeof tokens === 'number' ? tokens : 0 }
  },
}
