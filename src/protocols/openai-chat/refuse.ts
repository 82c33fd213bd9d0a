import { GatewayError } from '../../errors.ts'

/**
 * Refuses what must not be lost and has no words here.
 * @param path in the client's request, or a canonical field
 * @throws GatewayError `gateway_translation_unsupported`
 */
export const refuse = (path: string, what: string): never => {
  throw new GatewayError(
    'gateway_translation_unsupported',
    `${path}: Chat Completions has no words for ${what}`,
    { param: path },
  )
}
