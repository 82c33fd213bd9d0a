import { boundOf, type Catalog } from '../../catalog/index.ts'
import type { GenerateRequest, ToolDefinition } from '../../ir/index.ts'
import type { AttemptRow, ShadowEnd, ShadowPrimary, ShadowStore } from '../../ledger/index.ts'
import type { Exchange, Reply } from '../../pipeline/index.ts'
import type { Captured } from '../capture/index.ts'
import type { ShadowPolicy } from '../match/index.ts'
import { answerOf, type OwnExchange, ownExchange, readAnswer } from '../own-exchange/index.ts'
import { compareAnswers } from './compare-answers.ts'
import { copiedRequest } from './copied-request.ts'
import type { ShadowExchange } from './shadow.ts'
import type { ShadowCopies } from './shadow-copies.ts'

export interface CopyParts {
  readonly shadows: ShadowCopies
  readonly shadowStore: Pick<ShadowStore, 'begin' | 'finish'>
  readonly catalog: Pick<Catalog, 'price' | 'model'>
  /** The whole gateway. */
  readonly run: (exchange: Exchange) => Promise<Reply>
  readonly now: () => number
}

export interface Copying {
  readonly exchange: ShadowExchange
  /** The primary's answer. */
  readonly captured: Captured
  readonly policy: ShadowPolicy
  readonly route: string
  readonly signal: AbortSignal
}

/** Asks the other target what the client asked, and records how its answer compares. */
export const runCopy = async (parts: CopyParts, copying: Copying): Promise<void> => {
  const { shadows, shadowStore } = parts
  const { exchange, captured, policy, route } = copying
  const asked = exchange.protocol.generate?.decodeRequest(exchange.request)
  const primary = primaryOf(copying)
  if (asked === undefined || primary === undefined) return shadows.drop(route, 'no_answer')
  if (hasServerTools(asked)) return shadows.drop(route, 'server_tools')
  const target = { provider: policy.provider, model: policy.model ?? exchange.facts.model ?? '' }
  if (target.provider === primary.provider && target.model === primary.model) {
    return shadows.drop(route, 'same_target')
  }
  const copy = copyOf(parts, copying, target)
  const isBegun = await begin(parts, copying, { copy, primary, target })
  if (!isBegun) return
  const answer = await answerOf(parts, copy)
  const ours = 'bytes' in answer ? readAnswer(exchange.protocol, captured) : undefined
  const theirs = 'bytes' in answer ? readAnswer(exchange.protocol, answer.bytes) : undefined
  const isRead = ours !== undefined && theirs !== undefined
  const end: ShadowEnd = {
    result: 'error' in answer ? 'failed' : isRead ? 'compared' : 'unreadable',
    error: 'error' in answer ? answer.error : null,
    latencyMs: answer.endedAt - copy.startedAt,
    costNanoUsd: costOf(copy.entry?.attempts ?? []),
    measures: isRead ? compareAnswers(asked, ours, theirs) : null,
  }
  await shadowStore.finish(copy.id, end)
  shadows.ended(route, end.result)
}

/** Those that run at the provider, and those that a model finds by itself there. */
const hasServerTools = ({ tools, turns }: GenerateRequest): boolean =>
  tools.some(isAtServer) || turns.some((turn) => turn.tools?.some(isAtServer) === true)

const isAtServer = (tool: ToolDefinition): boolean =>
  tool.type === 'server' || (tool.type === 'namespace' && tool.tools.some(isAtServer))

const primaryOf = ({ exchange, captured }: Copying): ShadowPrimary | undefined => {
  const { attempts, answeredBy } = exchange.entry
  const answered = attempts.find(({ number }) => number === answeredBy) ?? attempts.at(-1)
  return (
    answered && {
      provider: answered.provider,
      model: answered.modelSent,
      latencyMs: captured.settledAt - exchange.startedAt,
      costNanoUsd: costOf(attempts),
    }
  )
}

/** Unknown as soon as one call's is. */
const costOf = (attempts: readonly AttemptRow[]): bigint | null => {
  let total = 0n
  for (const { costNanoUsd } of attempts) {
    if (costNanoUsd === null) return null
    total += costNanoUsd
  }
  return total
}

interface Target {
  readonly provider: string
  readonly model: string
}

const copyOf = ({ now }: CopyParts, { exchange, signal }: Copying, target: Target): OwnExchange => {
  const { protocol, incoming, identity } = exchange
  const { endpoint, query, headers, body } = copiedRequest(protocol, exchange.request)
  // What the key says about translation holds wherever its requests go.
  const { strict, workMode } = identity.options
  if (strict !== null) headers.set('x-tollgate-strict', String(strict))
  return ownExchange({
    kind: 'shadow',
    tenant: identity.tenant,
    tags: exchange.entry.tags,
    target,
    protocol,
    endpoint,
    path: incoming.path.replace(':streamGenerateContent', ':generateContent'),
    parameters: incoming.parameters,
    query,
    headers,
    body,
    ...(workMode === null ? {} : { workMode }),
    remoteAddress: incoming.remoteAddress,
    signal,
    at: now(),
  })
}

/** A copy that cannot be recorded is not sent: nothing would count what it costs. */
const begin = async (
  { catalog, shadows, shadowStore }: CopyParts,
  { exchange, policy, route }: Copying,
  {
    copy,
    primary,
    target,
  }: { readonly copy: OwnExchange; readonly primary: ShadowPrimary; readonly target: Target },
): Promise<boolean> => {
  const card = catalog.price(target.provider, target.model, copy.startedAt)
  const limits = [
    exchange.facts.maxOutputTokens,
    catalog.model(target.provider, target.model)?.maxOutputTokens,
  ]
  const outputTokens = limits.reduce((one, other) =>
    one === undefined ? other : Math.min(one, other ?? one),
  )
  // Text never has more tokens than bytes.
  const inputTokens = exchange.request.body.byteLength
  const reservedNanoUsd =
    card === undefined || outputTokens === undefined ? null : boundOf(card, { inputTokens, outputTokens })
  const { dailyBudget } = policy
  try {
    const isBegun = await shadowStore.begin(
      {
        copy: copy.id,
        exchange: exchange.id,
        at: copy.startedAt,
        tenant: exchange.identity.tenant,
        route,
        primary,
        ...target,
        reservedNanoUsd,
      },
      dailyBudget === undefined ? null : { since: dayOf(copy.startedAt), nanoUsd: dailyBudget },
    )
    if (!isBegun) shadows.drop(route, 'budget')
    return isBegun
  } catch (error) {
    shadows.drop(route, 'unrecorded')
    throw error
  }
}

const dayLength = 86_400_000

/** Midnight, UTC. */
const dayOf = (time: number): number => time - (time % dayLength)
