import { isJsonObject, parseJson } from '../../ir/index.ts'
import type { CountTokensCodec } from '../protocol.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeRequest } from './encode-request.ts'
import { numberMember } from './members.ts'

/** `POST /v1/responses/input_tokens`: the body of a generate request, answered with a number. */
export const countTokens: CountTokensCodec = {
  decodeRequest,
  encodeRequest(request, target) {
    const encoded = encodeRequest(request, { ...target, stream: false })
    const body = parseJson(encoded.body)
    const members = Object.entries(isJsonObject(body) ? body : {}).filter(([key]) => counted.has(key))
    return {
      ...encoded,
      path: '/v1/responses/input_tokens',
      body: JSON.stringify(Object.fromEntries(members)),
    }
  },
  encodeResponse: ({ inputTokens }) =>
    JSON.stringify({ object: 'response.input_tokens', input_tokens: inputTokens }),
  decodeResponse(wire) {
    const body = parseJson(new TextDecoder().decode(wire.body))
    return { inputTokens: isJsonObject(body) ? (numberMember(body, 'input_tokens') ?? 0) : 0 }
  },
}

/** The members that the endpoint takes; it refuses all others. */
const counted: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning',
  'text',
  'truncation',
])
