import type { AttemptExchange } from '../attempts/index.ts'
import type { Reserved } from '../reserve/index.ts'
import type { Translation } from '../translate/index.ts'
import type { UpstreamParts } from './upstream.ts'

/** One translated exchange, while its answer is on its way back. */
export interface TranslationJob<Kind extends Translation> {
  readonly parts: UpstreamParts
  readonly exchange: AttemptExchange & Reserved
  readonly translation: Kind
}

/** A defect of ours or nonsense of the provider's; messages might hold text of the answer. */
export const report = ({ parts, exchange, translation }: TranslationJob<Translation>, error: unknown): void =>
  parts.logger.error('an answer could not be translated', {
    request: exchange.id,
    source: translation.upstream.id,
    target: exchange.protocol.id,
    error:
      error instanceof Error
        ? `${error.name} ${error.stack?.split('\n').slice(1, 4).join(' ') ?? ''}`
        : typeof error,
  })
