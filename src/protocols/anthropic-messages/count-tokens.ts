import { isJsonObject } from '../../ir/index.ts'
import type { CountTokensCodec } from '../protocol.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeRequest } from './encode-request.ts'
import { ownMember } from './members.ts'

/** The request is that of `POST /v1/messages` without limits and sampling; the answer is one number. */
export const countTokens: CountTokensCodec = {
  decodeRequest,
  encodeRequest(request, target) {
    const encoded = encodeRequest(request, { ...target, stream: false })
    const value: unknown = JSON.parse(encoded.body)
    const members = Object.entries(isJsonObject(value) ? value : {}).filter(([key]) => counted.has(key))
    return {
      ...encoded,
      path: '/v1/messages/count_tokens',
      body: JSON.stringify(Object.fromEntries(members)),
    }
  },
  encodeResponse: ({ inputTokens }) => JSON.stringify({ input_tokens: inputTokens }),
  decodeResponse(wire) {
    const value: unknown = JSON.parse(new TextDecoder().decode(wire.body))
    const tokens = isJsonObject(value) ? ownMember(value, 'input_tokens') : undefined
    return { inputTokens: typeof tokens === 'number' ? tokens : 0 }
  },
}

/** The members that the endpoint takes; it refuses all others. */
const counted: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'cache_control',
  'mcp_servers',
])
