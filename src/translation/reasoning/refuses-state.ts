import type { CanonicalError } from '../../ir/index.ts'

/**
 * Does the provider refuse the reasoning state that the history holds, rather than the request? State belongs to the
 * account that it was given to, so this follows a fail-over or a new key. Read by code and words, for clouds and
 * aggregators pass on each other's: OpenAI, Anthropic, Gemini and Vertex (all seen in 2026).
 */
export const refusesState = ({ kind, code, message }: CanonicalError): boolean =>
  code === 'invalid_encrypted_content' || (kind === 'bad_request' && words.test(message))

const words =
  /encrypted content .{0,200}could not be (?:verified|decrypted)|invalid `?(?:signature|data)`? in `?(?:redacted_)?thinking`? block|(?:corrupted|invalid) thought[_ ]?signature|thought[_ ]?signature is (?:not valid|invalid)/i
