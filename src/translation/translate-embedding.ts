import { type EmbedRequest, extensionOf, isJsonObject } from '../ir/index.ts'
import type { EmbedCodec, EncodedRequest } from '../protocols/index.ts'
import type { Losses } from './losses.ts'
import type { TranslationTarget } from './pass.ts'

export interface TranslateEmbeddingParts {
  readonly upstream: Pick<EmbedCodec, 'encodeRequest'>
  readonly target: TranslationTarget
  readonly losses: Losses
}

/**
 * Texts to vectors in the target's words. What would make other vectors is refused: token ids belong to one model's
 * alphabet, and a picture that is left out is no loss that a warning makes good.
 */
export const translateEmbedding = (request: EmbedRequest, parts: TranslateEmbeddingParts): EncodedRequest => {
  const { target, losses, upstream } = parts
  if (request.inputs.some((input) => typeof input !== 'string')) {
    losses.refuse('token ids', 'input', 'they are of one model alone, send texts')
  }
  const own = extensionOf(request, request.protocol)
  if (Array.isArray(own['$requests']) && own['$requests'].some(holdsMedia)) {
    losses.refuse('media', 'content.parts', 'only texts can be embedded there')
  }
  if (own['input'] !== undefined) losses.refuse('inputs that are no texts', 'input', 'no counterpart')
  for (const key of Object.keys(own)) {
    if (!key.startsWith('$') && !silent.has(key)) losses.warn('dropped', key, key, 'no counterpart')
  }
  const sent = upstream.encodeRequest(request, {
    model: target.model,
    stream: false,
    provider: target.provider,
  })
  for (const { code, feature, path, reason } of sent.warnings) losses.warn(code, feature, path, reason)
  losses.sent()
  return sent
}

/** Of no meaning to the vectors. */
const silent: ReadonlySet<string> = new Set(['encoding_format', 'user', 'model'])

const holdsMedia = (request: unknown): boolean => {
  const content = isJsonObject(request) ? request['content'] : undefined
  const parts = isJsonObject(content) ? content['parts'] : undefined
  return Array.isArray(parts) && parts.some((part) => !isJsonObject(part) || typeof part['text'] !== 'string')
}
