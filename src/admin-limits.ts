import type { VirtualKey, VirtualKeys } from './accounts/index.ts'
import type { LimitsQuestion, LimitsReport, ShownLevel, ShownWindow } from './admin/index.ts'
import { GatewayError } from './errors.ts'
import type { Bound, LimitRule, Limits, Standing } from './limits/index.ts'
import type { Runtime } from './runtime.ts'

export interface AdminLimitsParts {
  readonly limits: Limits
  readonly keys: Pick<VirtualKeys, 'get'>
  readonly runtime: Pick<Runtime, 'settings' | 'upstreams'>
}

/**
 * The limits as they apply, and how they stand for what is asked about. Nothing is taken.
 * @throws GatewayError `not_found` for a key, or provider, that there is not, or not for whoever asks
 */
export const adminLimits = async (
  { limits, keys, runtime }: AdminLimitsParts,
  question: LimitsQuestion,
): Promise<LimitsReport> => {
  const { table, runaway } = limits
  const { organisation } = question
  const bounds = [
    ...(question.key === undefined ? [] : ofKey(limits, await keyOf(keys, question.key, organisation))),
    ...ofTargets(limits, runtime, question),
  ]
  const seen = bounds.filter((bound) => organisation === null || isOwn(bound))
  return {
    rules: table.rules
      .filter((rule) => organisation === null || maySee(rule, organisation))
      .map((rule) => ({ level: rule.level, match: rule.match, windows: windowsOf(rule) })),
    ...(organisation === null ? { providers: providersOf(limits, runtime) } : {}),
    runaway: runaway === null ? null : { repeats: runaway.repeats, windowMs: runaway.window },
    whenAway: runtime.settings.limits_when_away,
    levels: seen.length === 0 ? [] : (await limits.look(seen)).map(levelOf),
  }
}

const keyOf = async (
  keys: Pick<VirtualKeys, 'get'>,
  id: string,
  organisation: string | null,
): Promise<VirtualKey> => {
  const key = await keys.get(id)
  if (organisation === null || key.organisation === organisation) return key
  throw new GatewayError('not_found', 'there is no such virtual key')
}

const ofKey = ({ table }: Limits, key: VirtualKey): readonly Bound[] =>
  table.ofExchange({
    organisation: key.organisation,
    team: key.team,
    user: key.user,
    key: key.id,
    keyName: key.name,
    session: null,
    tags: [],
    address: '',
    own: key.options.limits ?? undefined,
  })

/** A provider with each of its keys; a model without a provider. */
const ofTargets = (
  { table }: Limits,
  { upstreams }: AdminLimitsParts['runtime'],
  { provider, model = '', organisation }: LimitsQuestion,
): readonly Bound[] => {
  if (provider === undefined) {
    return table.ofTarget({ provider: '', model, credential: '' }).filter(({ level }) => level === 'model')
  }
  if (organisation !== null || !upstreams.providers.has(provider)) {
    throw new GatewayError('not_found', 'there is no such provider')
  }
  const bounds = (upstreams.credentials.get(provider) ?? []).flatMap(({ id }) =>
    table.ofTarget({ provider, model, credential: id }),
  )
  return [...new Map(bounds.map((bound) => [bound.key, bound])).values()]
}

/** What one organisation shares with others would tell of the others. */
const isOwn = ({ level }: Bound): boolean =>
  level === 'organisation' || level === 'team' || level === 'user' || level === 'key'

/** Patterns may name others. */
const maySee = ({ level, match }: LimitRule, organisation: string): boolean =>
  match === null || (level === 'organisation' ? match === organisation : level === 'model')

const windowsOf = ({
  rates,
  concurrent,
}: Pick<LimitRule, 'rates' | 'concurrent'>): readonly ShownWindow[] => [
  ...rates.map(({ unit, per, limit, capacity }) => ({ unit, per, limit, burst: capacity })),
  ...(concurrent === null ? [] : [{ unit: 'concurrent', per: null, limit: concurrent, burst: concurrent }]),
]

const providersOf = ({ table }: Limits, { upstreams }: AdminLimitsParts['runtime']) =>
  [...upstreams.providers.keys()].flatMap((provider) => {
    const limits = table.providerLimits(provider)
    if (limits === undefined) return []
    const { per, queue } = limits
    const shown = queue === null ? null : { longestWaitMs: queue.longestWait, mostWaiting: queue.mostWaiting }
    return [{ provider, per, windows: windowsOf(limits), queue: shown }]
  })

const levelOf = ({ bound, level }: Standing): ShownLevel => {
  const { unit, per, limit, capacity, subject } = bound
  const shown = { level: bound.level, subject, unit, per, limit, burst: capacity }
  if (level.type === 'bucket') return { ...shown, left: level.left, fullInMs: level.full }
  const taken = level.type === 'slot' ? level.taken : 0
  return { ...shown, left: Math.max(0, limit - taken), fullInMs: null }
}
