import type { Catalog } from '../../catalog/index.ts'
import { GatewayError } from '../../errors.ts'
import type { Warning } from '../../ir/index.ts'
import { type Reply, type Stage, whenSettled } from '../../pipeline/index.ts'
import { protocols, type RequestFacts, type ScannedRequest } from '../../protocols/index.ts'
import { holdsSealedState, type ReasoningRegistry, type StateKeysOf } from '../../sessions/index.ts'
import {
  createLosses,
  createPasses,
  type FetchMedia,
  type LearningCounter,
  type Losses,
  type Pass,
  reasoningState,
  type TranslationTarget,
  takeOutState,
} from '../../translation/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { isStrict } from '../authenticate/index.ts'
import { withBody } from '../receive/index.ts'
import { prewarm } from './prewarm.ts'
import { type GenerateTranslation, type Translation, translationOf } from './translation-of.ts'

export interface Translated {
  /** Absent where the client's own bytes go out. */
  readonly translation: Translation | undefined
  /** What goes out then: the client's bytes, but for state of another provider. */
  readonly request: ScannedRequest
  readonly facts: RequestFacts
}

export interface TranslateParts {
  readonly catalog: Pick<Catalog, 'capabilities'>
  readonly stateKeys: StateKeysOf
  readonly reasoning: Pick<ReasoningRegistry, 'find' | 'remember'>
  readonly fetchMedia: FetchMedia
  /** Learns from what providers report of requests that are decoded anyway. */
  readonly tokenCounter: Pick<LearningCounter, 'learn'>
  readonly onLoss: (source: string, target: string, warning: Warning) => void
  readonly maxNesting: number
}

/**
 * Client and provider speak different protocols: the request is decoded, rewritten and encoded for this target before
 * anything is reserved or sent, so that what cannot be said is refused for free.
 */
export const translate = (parts: TranslateParts): Stage<AttemptExchange, Translated> => {
  const passes = createPasses(parts.stateKeys)
  const statePass = reasoningState(parts.stateKeys)
  return {
    name: 'translate',
    async run(exchange, next) {
      const { attempt, protocol, request, facts } = exchange
      if (attempt.protocol === protocol.id) {
        if (exchange.session?.isTalk === true) throw foreignTalk(attempt.target.provider.id)
        const takesOut = attempt.withoutState || holdsSealedState(request.body)
        const own = takesOut ? withoutState(parts, exchange, statePass) : undefined
        return next({ translation: undefined, ...(own ?? { request, facts }) })
      }
      const target = targetOf(parts, exchange)
      const losses = lossesOf(parts, exchange)
      const warmed = prewarm(exchange, target, losses)
      if (warmed !== undefined) return warmed
      const translation = await translationOf(exchange, {
        upstream: protocols[attempt.protocol],
        target,
        losses,
        passes,
        stateKeys: parts.stateKeys,
        reasoning: parts.reasoning,
        fetchMedia: parts.fetchMedia,
      })
      const detach = exchange.session?.detach
      if (detach !== undefined && translation.operation === 'generate') return detach(translation.asked)
      const reply = await next({ translation, request, facts })
      if (translation.operation === 'generate') learnFrom(parts, exchange, translation, reply)
      return reply
    },
  }
}

/** Counters of a cut stream are estimates themselves. */
const learnFrom = (
  parts: TranslateParts,
  { attempt }: AttemptExchange,
  { asked }: GenerateTranslation,
  reply: Reply,
): void => {
  void whenSettled(reply, ({ result, facts, usageSource }) => {
    const tokens = facts?.usage?.inputTokens
    if (result !== 'success' || tokens === undefined || usageSource === 'estimated') return
    // The sum of several prompts is the length of none.
    if (facts?.calls !== undefined) return
    const { provider, model } = attempt.target
    parts.tokenCounter.learn(asked, { provider: provider.id, model }, tokens)
  })
}

/** The history was begun elsewhere: no provider may see envelopes in it, and none gets what it has refused. */
const withoutState = (
  parts: TranslateParts,
  exchange: AttemptExchange,
  pass: Pass,
): Pick<Translated, 'request' | 'facts'> | undefined => {
  const { protocol, request, identity } = exchange
  if (protocol.generate === undefined) return undefined
  const body = takeOutState(request, {
    codec: protocol.generate,
    organisation: identity.tenant.organisation,
    target: targetOf(parts, exchange),
    pass,
    losses: lossesOf(parts, exchange),
  })
  return body === undefined ? undefined : withBody(protocol, request, body, parts.maxNesting)
}

const foreignTalk = (provider: string): GatewayError =>
  new GatewayError(
    'gateway_request_invalid',
    `the gateway keeps this conversation, and the provider ${provider} only knows its own; send the items as input`,
    { param: 'conversation' },
  )

const lossesOf = (parts: TranslateParts, exchange: AttemptExchange): Losses => {
  const { attempt, protocol, entry, session } = exchange
  const fieldPath = protocol.generate?.fieldPath ?? ((path: string) => path)
  // Those of an attempt that failed say nothing about this one.
  entry.warnings.length = 0
  return createLosses({
    target: `the provider ${attempt.target.provider.id}`,
    fieldPath: session === undefined ? fieldPath : (path) => session.clientPath(fieldPath(path)),
    strict: isStrict(exchange),
    onLoss(warning) {
      entry.warnings.push(warning)
      parts.onLoss(protocol.id, attempt.protocol, warning)
    },
  })
}

const targetOf = (parts: TranslateParts, { attempt }: AttemptExchange): TranslationTarget => {
  const { target, credential, protocol } = attempt
  const { provider, model } = target
  return {
    protocol,
    provider: provider.id,
    credential: credential.id,
    model,
    capabilities: parts.catalog.capabilities(provider.kind, protocol, model),
    refusedState: attempt.withoutState,
  }
}
