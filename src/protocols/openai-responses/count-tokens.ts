import { isJsonObject } from '../../ir/index.ts'
import type { CountTokensCodec } from '../protocol.ts'
import { decodeRequest } from './decode-request.ts'
import { numberMember, parseJson } from './members.ts'

/** `POST /v1/responses/input_tokens`: the body of a generate request, answered with a number. */
export const countTokens: CountTokensCodec = {
  decodeRequest,
  encodeResponse: ({ inputTokens }) =>
    JSON.stringify({ object: 'response.input_tokens', input_tokens: inputTokens }),
  decodeResponse(wire) {
    const body = parseJson(new TextDecoder().decode(wire.body))
    return { inputTokens: isJsonObject(body) ? (numberMember(body, 'input_tokens') ?? 0) : 0 }
  },
}
