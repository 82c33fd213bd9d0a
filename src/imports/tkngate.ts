import { builtInProviderIds } from '../providers/index.ts'
import { addBudget } from './budget-line.ts'
import { shiftDecimal } from './decimal.ts'
import { createDraft, type Draft, literal } from './draft.ts'
import { addLimit } from './limit-line.ts'
import { providerName } from './provider-name.ts'
import { readYamlSource } from './read-yaml-source.ts'
import { openSection, type Section } from './section.ts'
import type { Said, SourceNode } from './source-node.ts'

/**
 * Tkngate's `tkngate.yaml`.
 *
 * Read for this, github.com/tkngate/tkngate: `internal/config/config.go` (sections, defaults; read by viper, so that
 * keys count in any case), `tkngate.example.yaml`, `docs/budgeting.md`, `docs/rate-limiting.md` (per session or virtual
 * key; the page says `burst`, the code `burst_size`), `docs/shadow-mode.md`.
 */
export const convertTkngate = (text: string, file: string): Draft => {
  const draft = createDraft()
  const { root, repeated } = readYamlSource(text, file)
  for (const line of repeated)
    draft.leave({ line, path: '' }, 'the key is said again in this section; the last one counts')
  const all = openSection({ value: inLowerCase(root), line: 1, path: '' }, draft)
  takeServer(draft, all.section('server'))
  takeProviders(draft, all.section('providers'))
  takeBudget(draft, all.section('budget'))
  takeRateLimit(draft, all.section('rate_limit'))
  takeTelemetry(draft, all.section('telemetry'))
  takeShadow(draft, all.section('shadow'))
  takeRedis(draft, all.section('cluster'), all.section('cache'))
  all.leaveRest(sections)
  return draft
}

const sections: Readonly<Record<string, string>> = {
  compressor: 'this release does not shorten requests',
  waf: 'belongs to the section `firewall`',
  mesh: 'this release has no mesh',
  p2p: 'this release has no mesh',
  audit: 'the audit log is kept in the database here; webhooks are lines under `hooks`',
}

const inLowerCase = (node: SourceNode): SourceNode => {
  const { content } = node
  if (content.type === 'list')
    return { ...node, content: { ...content, items: content.items.map(inLowerCase) } }
  if (content.type !== 'map') return node
  const entries = [...content.entries].map(([key, child]) => [key.toLowerCase(), inLowerCase(child)] as const)
  return { ...node, content: { type: 'map', entries: new Map(entries) } }
}

const takeServer = (draft: Draft, server: Section | undefined): void => {
  const host = server?.text('host')
  if (host !== undefined) draft.set(['listen', 'host'], literal(host.value), host)
  const port = server?.whole('port')
  if (port !== undefined) draft.set(['listen', 'port'], port.value, port)
  server?.leaveRest({})
}

const takeProviders = (draft: Draft, providers: Section | undefined): void => {
  const names = new Set<string>()
  for (const key of providers?.keys ?? []) {
    const settings = providers?.section(key)
    if (settings === undefined) continue
    const known = key === 'gemini' ? 'google' : key
    const name = providerName(known, names)
    const builtIn = builtInProviderIds.some((id) => id === name)
    const base = settings.text('base_url')
    if (!builtIn) {
      if (base === undefined) {
        draft.leave(settings, 'the provider has no `base_url`, and is none that this release knows')
        continue
      }
      draft.set(['providers', name, 'kind'], 'openai-compatible', settings)
    }
    if (base !== undefined) takeBase(draft, name, base)
    takeKey(draft, name, settings, builtIn)
    settings.leaveRest({ default_model: 'clients name the model here; `aliases` give models other names' })
  }
}

/** Tkngate speaks the vendors' own protocols at `/v1`, and Gemini's compatibility endpoint. */
const usualBases: Readonly<Record<string, RegExp>> = {
  openai: /^https:\/\/api\.openai\.com(?:\/v1)?\/?$/,
  anthropic: /^https:\/\/api\.anthropic\.com(?:\/v1)?\/?$/,
  google: /^https:\/\/generativelanguage\.googleapis\.com(?:\/v1beta(?:\/openai)?)?\/?$/,
}

const takeBase = (draft: Draft, name: string, base: Said<string>): void => {
  if (usualBases[name]?.test(base.value) === true) {
    draft.same(base, 'is the usual address of this provider')
    return
  }
  const bare = name === 'anthropic' || name === 'google'
  const value = bare ? base.value.replace(/\/v1(?:beta(?:\/openai)?)?\/?$/, '') : base.value
  draft.set(['providers', name, 'base_url'], literal(value), base)
}

const takeKey = (draft: Draft, name: string, settings: Section, builtIn: boolean): void => {
  const key = settings.text('api_key')
  const path = ['providers', name, 'api_key']
  if (key === undefined) {
    // Their own variables give keys as well.
    if (builtIn && !keyless.has(name)) {
      const variable = `TKNGATE_PROVIDERS_${settings.path.replace(/^providers\./, '').toUpperCase()}_API_KEY`
      draft.set(path, draft.refer(variable), settings, 'stands in no line of the file; a variable gives it')
    } else draft.set(path, 'none', settings)
    return
  }
  const [, variable] = /^\$\{?([A-Za-z_]\w*)\}?$/.exec(key.value.trim()) ?? []
  draft.set(path, variable === undefined ? draft.hideKey(key.value, name) : draft.refer(variable), key)
}

/** Servers of one's own, which mostly want no key. */
const keyless = new Set(['ollama', 'vllm', 'lmstudio'])

const periods: Readonly<Record<string, string>> = {
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  never: 'forever',
}

const takeBudget = (draft: Draft, budget: Section | undefined): void => {
  if (budget === undefined) return
  const interval = budget.text('reset_interval')
  const known = periods[interval?.value.toLowerCase() ?? 'monthly']
  if (interval !== undefined && known === undefined)
    draft.leave(interval, 'is no interval that is known here')
  const period = known ?? 'month'
  const amber = budget.decimal('amber_threshold_pct')
  const amberAt = shiftDecimal(amber?.value ?? '70', -2) ?? '0.7'
  const model = budget.text('fallback_model')
  const provider = budget.text('fallback_provider')
  const limit = limitIn(draft, budget, 'global_limit_usd')
  const session = limitIn(draft, budget, 'max_session_cost_usd')
  if (limit === undefined) {
    for (const said of [amber, model, provider])
      if (said !== undefined) draft.leave(said, 'stands beside no limit')
  } else {
    const name = provider?.value === 'gemini' ? 'google' : provider?.value
    const amberModel =
      model === undefined || name === undefined ? {} : { amberModel: literal(`${name}/${model.value}`) }
    if (model !== undefined && name === undefined) draft.leave(model, 'needs a `fallback_provider` here')
    addBudget(draft, { level: 'global', limitUsd: limit.value, period, amberAt, ...amberModel }, limit)
  }
  if (session !== undefined)
    addBudget(draft, { level: 'session', limitUsd: session.value, period: 'forever' }, session)
  budget.leaveRest({ red_threshold_pct: 'a budget ends at its limit here: lower the limit instead' })
}

const limitIn = (draft: Draft, budget: Section, key: string): Said<string> | undefined => {
  const limit = budget.decimal(key)
  if (limit === undefined || shiftDecimal(limit.value, 0) !== '0') return limit
  draft.same(limit, 'no limit')
  return undefined
}

const takeRateLimit = (draft: Draft, limit: Section | undefined): void => {
  if (limit === undefined) return
  const enabled = limit.truth('enabled')
  const requests = limit.whole('requests_per_minute')
  const burst = limit.whole('burst_size') ?? limit.whole('burst')
  if (enabled?.value === true) {
    const value = requests?.value ?? 60
    addLimit(
      draft,
      { for: { level: 'key' }, window: 'requests_per_minute', value, burst: burst?.value ?? 5 },
      requests ?? enabled,
    )
  } else if (requests !== undefined) draft.same(requests, 'is turned off there')
  limit.leaveRest({})
}

const takeTelemetry = (draft: Draft, telemetry: Section | undefined): void => {
  const enabled = telemetry?.truth('enabled')
  if (enabled !== undefined) draft.set(['telemetry', 'metrics', 'enabled'], enabled.value, enabled)
  const place = 'metrics are at `/metrics` of the gateway, or of the admin port with `listen.mode: multi`'
  telemetry?.leaveRest({ host: place, port: place })
}

const takeShadow = (draft: Draft, shadow: Section | undefined): void => {
  if (shadow === undefined) return
  if (shadow.truth('enabled')?.value !== true) draft.same(shadow, 'is turned off there')
  else
    draft.leave(
      shadow,
      'copies belong to a rule here: add `shadow: { provider, model, share }` to one of `routes`',
    )
}

const takeRedis = (draft: Draft, cluster: Section | undefined, cache: Section | undefined): void => {
  const enabled = cluster?.truth('enabled')
  const shared = cluster?.text('redis_uri')
  const cached = cache?.text('redis_uri')
  const inUse = enabled?.value === true ? (shared ?? cached) : undefined
  if (inUse !== undefined) draft.set(['redis', 'url'], hideRedis(draft, inUse.value), inUse)
  else for (const uri of [shared, cached]) if (uri !== undefined) draft.leave(uri, notShared)
  cluster?.leaveRest({ node_id: 'each process names itself' })
  cache?.leaveRest({
    enabled: noCache,
    max_entries: noCache,
    ttl_seconds: noCache,
  })
}

const notShared = 'gateways that share nothing need no Redis; else set `redis.url`'
const noCache = 'this release does not keep answers'

/** An address with a password stays out of the file as a whole. */
export const hideRedis = (draft: Draft, url: string): string =>
  /^rediss?:\/\/[^@/]+@/.test(url) ? draft.hide(url, 'REDIS_URL', 'redis://not-set.invalid') : literal(url)
