import { type CacheRules, placeMarks, removeMarks } from '../../prompt-cache/index.ts'
import type { MarkPolicy } from '../../prompt-cache/settings.ts'
import { applySplices, type Splice, spliceText } from '../../wire/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { withBody } from '../receive/index.ts'
import type { Translated } from '../translate/index.ts'

export interface MarkSettings {
  /** Of the gateway; undefined: translated requests get marks, a client's own go as they are. */
  readonly marks: MarkPolicy | undefined
  readonly marksOf: (provider: string) => MarkPolicy | undefined
  readonly ttl: '5m' | '1h'
}

type Asked = AttemptExchange & Translated

/** The nearest word counts: the target's, the rule's, the provider's, the gateway's. */
export const markPolicyOf = (
  { marks, marksOf }: MarkSettings,
  { attempt, match, translation }: Asked,
): MarkPolicy =>
  attempt.target.promptCache ??
  match.policy?.promptCache ??
  marksOf(attempt.target.provider.id) ??
  marks ??
  (translation === undefined ? 'client' : 'auto')

export interface WithMarksParts {
  readonly policy: MarkPolicy
  readonly rules: CacheRules
  readonly ttl: '5m' | '1h'
  readonly maxNesting: number
}

/** The request with the marks that the policy wants. Only one protocol has such marks as the gateway sets. */
export const withMarks = (exchange: Asked, parts: WithMarksParts): Translated => {
  const { translation, request, facts, attempt, protocol } = exchange
  const untouched = { translation, request, facts }
  if (attempt.protocol !== 'anthropic-messages' || parts.policy === 'client') return untouched
  if (translation !== undefined) {
    const { body } = translation.sent
    const splices = splicesFor(body, parts)
    if (splices.length === 0) return untouched
    const sent = { ...translation.sent, body: spliceText(body, splices) }
    return { ...untouched, translation: { ...translation, sent } }
  }
  const splices = splicesFor(request.scan.text, parts)
  if (splices.length === 0) return untouched
  const body = applySplices(request.body, splices)
  return { translation, ...withBody(protocol, request, body, parts.maxNesting) }
}

/** In their order. */
const splicesFor = (text: string, { policy, rules, ttl }: WithMarksParts): readonly Splice[] => {
  const splices =
    policy === 'off'
      ? removeMarks(text)
      : rules.how === 'marks'
        ? placeMarks(text, { minimumTokens: rules.minimumTokens, ttl })
        : []
  return splices.toSorted((one, other) => one.start - other.start)
}
