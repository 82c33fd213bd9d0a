import type { GenerateCodec, WireRequest } from '../protocols/index.ts'
import type { Losses } from './losses.ts'
import type { Pass, TranslationTarget } from './pass.ts'

export interface TakeOutStateParts {
  readonly codec: Pick<GenerateCodec, 'decodeRequest' | 'encodeRequest'>
  readonly organisation: string
  readonly target: TranslationTarget
  /** Takes envelopes out of requests of the target's own protocol. */
  readonly pass: Pass
  readonly losses: Losses
}

/**
 * A history that was begun with a provider of another protocol holds envelopes of ours, and goes on with one that
 * speaks the client's: they are opened or dropped, as no provider may see them. The rest stays as the client wrote it.
 * @returns the new body; undefined where nothing had to be taken out
 */
export const takeOutState = (wire: WireRequest, parts: TakeOutStateParts): Uint8Array | undefined => {
  const { codec, organisation, target, losses } = parts
  const asked = codec.decodeRequest(wire, { locations: true })
  const { warn, refuse } = losses
  const { request } = parts.pass.run(asked, { organisation, target, warn, refuse })
  if (request === asked) return undefined
  const { body } = codec.encodeRequest(request, {
    model: asked.model,
    stream: asked.stream,
    provider: target.provider,
  })
  return new TextEncoder().encode(body)
}
