import type { Operation } from './ir/index.ts'
import { type Exchange, type Handler, pipeline } from './pipeline/index.ts'
import { type AttemptExchange, type AttemptsParts, attempts } from './stages/attempts/index.ts'
import { type AuthenticateParts, authenticate } from './stages/authenticate/index.ts'
import { type CacheParts, cache } from './stages/cache/index.ts'
import { type CompressParts, compress } from './stages/compress/index.ts'
import { type CountTokensParts, countTokens } from './stages/count-tokens/index.ts'
import { type FirewallStageParts, firewall } from './stages/firewall/index.ts'
import { type HandlesParts, handles } from './stages/handles/index.ts'
import { type LedgerParts, ledger } from './stages/ledger/index.ts'
import { type LimitsParts, limits, localLimits } from './stages/limits/index.ts'
import { type ListModelsParts, listModels } from './stages/local/index.ts'
import { type LoopsParts, loops } from './stages/loops/index.ts'
import { type MatchParts, match } from './stages/match/index.ts'
import { type MeterParts, meter } from './stages/meter/index.ts'
import { type PromptCacheParts, promptCache } from './stages/prompt-cache/index.ts'
import { type ReceiveParts, receive } from './stages/receive/index.ts'
import { type ReserveParts, reserve } from './stages/reserve/index.ts'
import { screenAnswers } from './stages/screen-answers/index.ts'
import { type SessionsParts, sessions } from './stages/sessions/index.ts'
import { type ShadowParts, shadow } from './stages/shadow/index.ts'
import { type SummariesParts, summaries } from './stages/summaries/index.ts'
import { type TargetLimitsParts, targetLimits } from './stages/target-limits/index.ts'
import { type TraceParts, trace } from './stages/trace/index.ts'
import { type TranslateParts, translate } from './stages/translate/index.ts'
import { type UpstreamParts, upstream } from './stages/upstream/index.ts'
import { type ZoneParts, zone } from './stages/zone/index.ts'

export type GatewayParts = TraceParts &
  AuthenticateParts &
  LedgerParts &
  ReceiveParts &
  SessionsParts &
  SummariesParts &
  MatchParts &
  ZoneParts &
  LimitsParts &
  FirewallStageParts &
  LoopsParts &
  HandlesParts &
  CompressParts &
  CacheParts &
  ShadowParts &
  AttemptsParts &
  TranslateParts &
  PromptCacheParts &
  TargetLimitsParts &
  ReserveParts &
  MeterParts &
  CountTokensParts &
  UpstreamParts &
  ListModelsParts

/** Everything that an upstream answers: generate, count, embed, and what refers to upstream state. */
const answered = (parts: GatewayParts) =>
  pipeline<Exchange>()
    .use(trace(parts)) //         outermost: span, clock, metrics, access log
    .use(authenticate(parts)) //  key -> identity                               401 403
    .use(ledger(parts)) //        one final row, however it ends
    .use(receive(parts)) //       body, one scan, facts                         400 413
    .use(sessions(parts)) //      kept answers and conversations: found, kept     404
    .use(summaries(parts)) //     conversations that were compacted here: in words again
    .use(match(parts)) //         pure: model -> rule, targets                  404
    .use(limits(parts)) //        rates, places, clients that repeat themselves 429
    .use(zone(parts)) //          budgets: red is refused, amber told            402
    .use(loops(parts)) //         agents that repeat a tool call: told, then stopped 400
    .use(firewall(parts)) //      every text: refused, replaced, written down    400
    .use(handles(parts)) //       ids of upstream state: ours, and sticky       404
    .use(compress(parts)) //      pasted code: without its comments, where wanted
    .use(cache(parts)) //         answered before: said again, nobody is asked
    .use(shadow(parts)) //        a share is copied to another target, afterwards
    .handle(attempts(parts, attempt(parts))) // choose; the seam for retry and fail-over

/** Once per upstream call. */
const attempt = (parts: GatewayParts) =>
  pipeline<AttemptExchange>()
    .use(translate(parts)) //     another protocol: decoded, rewritten, encoded   400
    .use(promptCache(parts)) //   marks for the provider's cache; does it read what it kept?
    .use(screenAnswers()) //      what was replaced comes back; what is said is looked at
    .use(targetLimits(parts)) //  what the provider allows us, and limits of targets 429
    .use(reserve(parts)) //       held in every budget, and written down          402
    .use(meter(parts)) //         usage in passing, priced; one attempt row
    .use(countTokens(parts)) //   a share is counted here as well, afterwards
    .handle(upstream(parts)) //   untouched or translated, connect, send

/** What the gateway answers by itself. */
const local = (parts: GatewayParts) =>
  pipeline<Exchange>()
    .use(trace(parts))
    .use(authenticate(parts))
    .use(ledger(parts))
    .use(localLimits(parts))
    .handle(listModels(parts))

const localOperations: ReadonlySet<Operation> = new Set(['list-models', 'get-model'])

/** The data plane: an exchange in, a reply out. Refusals are thrown as `GatewayError`. */
export const gateway = (parts: GatewayParts): Handler<Exchange> => {
  const answers = answered(parts)
  const locals = local(parts)
  return (exchange) => (localOperations.has(exchange.operation) ? locals(exchange) : answers(exchange))
}
