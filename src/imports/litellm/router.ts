import { type Draft, literal } from '../draft.ts'
import { openSection, type Section, textOf } from '../section.ts'
import type { Place, Said } from '../source-node.ts'
import { type Fallback, namesIn, readFallbacks } from './fallbacks.ts'
import type { Values } from './values.ts'

/** What the router's settings mean for the rules. */
export interface RouterFacts {
  readonly strategy: string
  readonly fallbacks: readonly Fallback[]
  readonly contextFallbacks: readonly Fallback[]
  /** Groups that take over where nothing else is said. */
  readonly defaults: readonly string[]
  readonly providerBudgets: readonly ProviderBudget[]
  /** Of the budgets. */
  readonly timezone: string | undefined
}

export interface ProviderBudget {
  /** LiteLLM's word for the vendor. */
  readonly vendor: string
  readonly limit: Said<string> | undefined
  readonly duration: Said<string> | undefined
  readonly from: Place
}

/**
 * `router_settings`, and what of it may stand in `litellm_settings` as well, where the former count.
 * Writes the settings that hold for all rules.
 */
export const readRouter = (
  router: Section | undefined,
  module: Section | undefined,
  values: Values,
  draft: Draft,
): RouterFacts => {
  const sections = [router, module].filter((section) => section !== undefined)
  /** Asked of every section, so that none is told as unknown. */
  const first = <T>(read: (section: Section) => Said<T> | undefined): Said<T> | undefined => {
    const [found, ...hidden] = sections.flatMap((section) => read(section) ?? [])
    for (const one of hidden) draft.leave(one, 'is said in `router_settings` too, which counts')
    return found
  }
  const lists = (key: string) => sections.flatMap((section) => section.list(key))

  takeRetries(
    draft,
    first((section) => section.whole('num_retries')),
  )
  takeTimeout(
    draft,
    first((section) => section.decimal('timeout')),
    module?.decimal('request_timeout'),
  )
  takeCooldown(
    draft,
    router,
    first((section) => section.whole('allowed_fails')),
    first((section) => section.decimal('cooldown_time')),
  )
  takeAliases(draft, router)
  takeRedis(draft, router, values)
  const facts = {
    providerBudgets: readProviderBudgets(router),
    timezone: module?.text('timezone')?.value,
    strategy: strategyOf(draft, router?.text('routing_strategy')),
    fallbacks: readFallbacks(lists('fallbacks'), draft),
    contextFallbacks: readFallbacks(lists('context_window_fallbacks'), draft),
    defaults: sections.flatMap((section) => {
      const found = section.node('default_fallbacks')
      return found === undefined ? [] : namesIn(found.value)
    }),
  }
  const checks = router?.truth('enable_pre_call_checks')
  if (checks !== undefined) draft.same(checks, 'targets whose window is known to be too small come last')
  router?.leaveRest(reasons)
  return facts
}

const takeRetries = (draft: Draft, retries: Said<number> | undefined): void => {
  if (retries !== undefined) draft.set(['retry', 'tries'], Math.min(20, retries.value + 1), retries)
}

const takeTimeout = (
  draft: Draft,
  router: Said<string> | undefined,
  module: Said<string> | undefined,
): void => {
  const timeout = router ?? module
  if (timeout !== undefined) {
    const text =
      'was a limit of each wait, and is one of the first byte; `timeouts.total` would bound the whole answer'
    draft.set(['timeouts', 'first_byte'], `${timeout.value}s`, timeout, text)
  }
  if (router !== undefined && module !== undefined) {
    draft.leave(module, 'is said in `router_settings` too, which counts')
  }
}

const takeCooldown = (
  draft: Draft,
  router: Section | undefined,
  fails: Said<number> | undefined,
  time: Said<string> | undefined,
): void => {
  const off = router?.truth('disable_cooldowns')
  if (off?.value === true) {
    draft.set(['circuits', 'failures'], 0, off)
    return
  }
  if (fails !== undefined) {
    draft.set(
      ['circuits', 'failures'],
      fails.value + 1,
      fails,
      'counts failures in a row, not those of a minute',
    )
  }
  if (time === undefined) return
  draft.set(['circuits', 'open_for'], `${time.value}s`, time, 'is doubled after each probe that fails')
  if (Number(time.value) > 30) draft.set(['circuits', 'longest_open'], `${time.value}s`, time)
}

const takeAliases = (draft: Draft, router: Section | undefined): void => {
  const aliases = router?.section('model_group_alias')
  for (const name of aliases?.keys ?? []) {
    const node = aliases?.node(name)
    if (node === undefined) continue
    const detailed = node.value.content.type === 'map' ? openSection(node, draft) : undefined
    const model = detailed === undefined ? textOf(node.value) : detailed.text('model')?.value
    detailed?.leaveRest({ hidden: 'aliases are not listed here anyhow' })
    if (model === undefined) draft.leave(node, 'names no model')
    else draft.set(['aliases', name], literal(model), node)
  }
}

const takeRedis = (draft: Draft, router: Section | undefined, values: Values): void => {
  const url = router?.text('redis_url')
  const host = router?.text('redis_host')
  const port = router?.text('redis_port')
  const password = router?.text('redis_password')
  const user = router?.text('redis_username')
  const database = router?.text('redis_db')
  const ssl = router?.truth('redis_ssl')
  if (url !== undefined) {
    draft.set(['redis', 'url'], values.hidden(url, 'REDIS_URL', 'redis://not-set.invalid'), url)
    return
  }
  if (host === undefined) return
  const name = user === undefined ? '' : values.text(user)
  const login = password === undefined ? '' : `${name}:${values.hidden(password, 'REDIS_PASSWORD')}@`
  const place = `${values.text(host)}:${port === undefined ? '6379' : values.text(port)}`
  const written = `redis${ssl?.value === true ? 's' : ''}://${login}${place}/${database === undefined ? '0' : values.text(database)}`
  const encoded =
    'a password with other characters than letters and digits must be written %-encoded in its variable'
  draft.set(['redis', 'url'], written, host, password === undefined ? undefined : encoded)
}

const readProviderBudgets = (router: Section | undefined): readonly ProviderBudget[] => {
  const budgets = router?.section('provider_budget_config')
  return (budgets?.keys ?? []).flatMap((vendor) => {
    const budget = budgets?.section(vendor)
    if (budget === undefined) return []
    const limit = budget.decimal('budget_limit') ?? budget.decimal('max_budget')
    const duration = budget.text('time_period') ?? budget.text('budget_duration')
    budget.leaveRest({})
    return [{ vendor, limit, duration, from: { line: budget.line, path: budget.path } }]
  })
}

const strategyOf = (draft: Draft, said: Said<string> | undefined): string => {
  const [strategy, text] = strategies[said?.value ?? 'simple-shuffle'] ?? []
  if (said === undefined) return 'weighted'
  if (strategy === undefined) {
    draft.leave(said, 'is no strategy that is known here; targets are drawn by weight')
    return 'weighted'
  }
  draft.note({
    line: said.line,
    path: said.path,
    outcome: text === undefined ? 'carried' : 'changed',
    setting: 'routes[].strategy',
    ...(text === undefined ? {} : { text }),
  })
  return strategy
}

const strategies: Readonly<Record<string, readonly [string, string?]>> = {
  'simple-shuffle': ['weighted', 'a session stays with who answered it (`sticky: false` ends that)'],
  'least-busy': ['least-loaded'],
  'latency-based-routing': ['lowest-latency'],
  'cost-based-routing': ['cheapest'],
  'usage-based-routing': ['least-loaded', 'looks at calls under way, not at the tokens of the minute'],
  'usage-based-routing-v2': ['least-loaded', 'looks at calls under way, not at the tokens of the minute'],
}

const perCause = 'what is asked again follows from the answer here: docs/routing.md'
const reasons: Readonly<Record<string, string>> = {
  routing_strategy_args: 'strategies have no arguments here',
  routing_groups: 'say the `strategy` in each rule',
  content_policy_fallbacks: 'an answer that a provider refuses to give is the client’s here',
  retry_policy: perCause,
  model_group_retry_policy: perCause,
  allowed_fails_policy: perCause,
  retry_after: 'waits grow from `retry.backoff`, and what a provider asks for is obeyed',
  stream_timeout: 'the first byte has one limit here, streamed or not: `timeouts.first_byte`',
  enable_tag_filtering: 'conditions are said per rule here: `when`',
  tag_filtering_match_any: 'conditions are said per rule here: `when`',
  cache_responses: 'this release does not keep answers',
  caching_groups: 'this release does not keep answers',
  cache_kwargs: 'this release does not keep answers',
  default_litellm_params: 'the gateway writes no parameters into requests: set them in the client',
  max_fallbacks: 'all targets of a rule are tried, until `retry.deadline`',
  optional_pre_call_checks: 'sessions stay with who answered them: `sticky` of a rule',
  set_verbose: 'set `telemetry.log.level: debug`',
  debug_level: 'set `telemetry.log.level: debug`',
  client_ttl: 'connections look after themselves here',
  default_max_parallel_requests: 'say it per model under `limits`',
}
