import type { AnswerCache } from './cache/index.ts'
import type { Catalog } from './catalog/index.ts'
import type { Exchange, Handler } from './pipeline/index.ts'
import { protocols } from './protocols/index.ts'
import type { Provider } from './providers/index.ts'
import type { Settings } from './settings.ts'
import {
  createSimilarAnswers,
  embedQuestion,
  judgeAnswers,
  type SimilarAnswers,
} from './stages/cache/index.ts'

export interface SimilarAnswersOptions {
  readonly settings: Settings['cache']['similar']
  readonly cache: AnswerCache
  /** The whole gateway: embeddings and judgements are exchanges like any other. */
  readonly run: Handler<Exchange>
  readonly provider: (id: string) => Provider | undefined
  readonly catalog: Catalog
  readonly random: () => number
  readonly now: () => number
}

/** As the settings say; undefined where nobody makes embeddings. */
export const similarAnswers = ({
  settings,
  cache,
  random,
  ...parts
}: SimilarAnswersOptions): SimilarAnswers | undefined => {
  const { embeddings: target, judge, most_error: mostError, highest_temperature, wait } = settings
  if (target === undefined) return undefined
  const embedding = { ...parts, target, protocol: protocols['openai-embeddings'] }
  const judging = { ...parts, protocols }
  return createSimilarAnswers({
    cache,
    embed: (text, tenant, signal) => embedQuestion(embedding, text, tenant, signal),
    judge: (isPrivate, compared, tenant, signal) =>
      judgeAnswers(judging, isPrivate ? 'same-text' : judge, compared, tenant, signal),
    settings: {
      ...{ mostError, highestTemperature: highest_temperature, wait, embedder: target },
      judge: judge === 'same-text' ? undefined : judge,
    },
    random,
    now: parts.now,
  })
}
