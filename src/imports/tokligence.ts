import { foreignVariables, parsePath, printableKey } from '../config/index.ts'
import { createDraft, type Draft, literal } from './draft.ts'
import type { Said } from './source-node.ts'

/**
 * Tokligence Gateway's INI (`config/setting.ini`, `config/<environment>/gateway.ini`).
 *
 * Read for this, github.com/tokligence/tokligence-gateway: `internal/config/config.go` (`parseINI`: one `key=value`
 * per line, `#` and `;` begin comments only at the start of a line, `[sections]` are passed over, keys in any case, the
 * last of two counts; `parseRoutes`, `parseRouteList`; defaults), `config/setting.ini`, `config/dev/gateway.ini`. What a
 * key means here is the table of the gateway's own variables, since each key is also a variable `TOKLIGENCE_<KEY>`.
 */
export const convertTokligence = (text: string): Draft => {
  const draft = createDraft()
  const values = readIni(text, draft)
  const rows = new Map(foreignVariables.map((row) => [row.name, row]))
  const multi = isTrue(values.get('multiport_mode')?.value)
  const routes: { readonly rule: WrittenRule; readonly from: Said<string> }[] = []

  for (const [key, said] of values) {
    if (said.value === '') continue
    const row = rows.get(`TOKLIGENCE_${key.toUpperCase()}`)
    const reason = reasons[key] ?? (row === undefined ? byPrefix(key) : undefined)
    if (reason !== undefined) draft.leave(said, reason)
    else if (row === undefined) takeSpecial(draft, key, said)
    else if (key === 'routes' || key === 'model_provider_routes') {
      const rules = row.read(said.value)
      if (Array.isArray(rules)) routes.push(...rules.map((rule) => ({ rule: toRule(rule), from: said })))
      else draft.leave(said, 'is no list of `pattern=provider`')
    } else if (key === 'auth_disabled') takeAuth(draft, said)
    else if (key.endsWith('_api_key')) takeKey(draft, row.sets[0] ?? '', said)
    else takeSetting(draft, { multi, sets: row.sets, value: row.read(said.value), from: said })
  }
  for (const { rule, from } of aliasRules(draft, values.get('model_aliases'), routes))
    addRule(draft, rule, from)
  // Their router asks for exact names of `routes` before the ordered list.
  const inOrder = [...routes].sort((a, b) => orderOf(a.from) - orderOf(b.from))
  for (const { rule, from } of inOrder) addRule(draft, rule, from)
  addProvidersInUse(draft)
  return draft
}

interface WrittenRule {
  readonly match: string
  readonly targets: readonly unknown[]
}

const orderOf = ({ path }: Said<string>): number => (path === 'routes' ? 0 : 1)

const readIni = (text: string, draft: Draft): ReadonlyMap<string, Said<string>> => {
  const values = new Map<string, Said<string>>()
  for (const [index, whole] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = index + 1
    const entry = whole.trim()
    if (entry === '' || /^[#;[]/.test(entry)) continue
    const at = entry.indexOf('=')
    const key = entry.slice(0, at).trim().toLowerCase()
    if (at < 0 || key === '') {
      draft.leave({ line, path: '' }, 'the line is no `key=value`; Tokligence passes over it too')
      continue
    }
    const before = values.get(key)
    if (before !== undefined) draft.leave(before, `is said again on line ${line}, which counts`)
    values.delete(key)
    values.set(key, { value: entry.slice(at + 1).trim(), line, path: printableKey(key) })
  }
  return values
}

interface TakenSetting {
  readonly multi: boolean
  readonly sets: readonly string[]
  readonly value: unknown
  readonly from: Said<string>
}

const takeSetting = (draft: Draft, { multi, sets, value, from }: TakenSetting): void => {
  if (value === undefined) {
    draft.leave(from, 'has a form that cannot be read')
    return
  }
  const meant = sets.filter((path) => {
    if (path === 'listen.port') return !multi
    return multi || !/^listen\.(?:ports|endpoints)\./.test(path)
  })
  if (meant.length === 0) {
    draft.same(from, 'has no effect without `multiport_mode`, there as here')
    return
  }
  for (const path of meant) draft.set(parsePath(path), escaped(value), from)
}

const escaped = (value: unknown): unknown => {
  if (typeof value === 'string') return literal(value)
  return Array.isArray(value) ? value.map(escaped) : value
}

const takeKey = (draft: Draft, path: string, from: Said<string>): void => {
  const [, provider = ''] = path.split('.')
  draft.set(['providers', provider, 'api_key'], draft.hideKey(from.value, provider), from)
}

const takeAuth = (draft: Draft, from: Said<string>): void => {
  if (!isTrue(from.value)) {
    draft.set(['auth'], 'on', from)
    return
  }
  draft.set(['auth'], 'off', from, 'is possible here only on a loopback address')
}

/** As Tokligence reads it: everything but these is false. */
const isTrue = (text: string | undefined): boolean =>
  ['1', 'true', 'yes', 'on'].includes(text?.trim().toLowerCase() ?? '')

const takeSpecial = (draft: Draft, key: string, from: Said<string>): void => {
  // Both are read where the rules are made.
  if (key === 'model_aliases') return
  if (key === 'facade_enabled' || key === 'enable_facade') {
    if (isTrue(from.value)) draft.same(from, 'the facade is always open')
    else draft.set(['listen', 'endpoints', 'facade'], [], from)
    return
  }
  draft.leave(from, 'is no key that this conversion knows')
}

/** Their aliases rename after the provider was chosen: so each is a rule that asks that provider for the other name. */
const aliasRules = (
  draft: Draft,
  aliases: Said<string> | undefined,
  routes: readonly { readonly rule: WrittenRule }[],
): readonly { readonly rule: WrittenRule; readonly from: Said<string> }[] => {
  if (aliases === undefined || aliases.value === '') return []
  const rules: WrittenRule[] = []
  for (const entry of aliases.value.split(',')) {
    const [, name, model] = /^\s*([^=]+?)\s*=>?\s*(\S+)\s*$/.exec(entry) ?? []
    if (name === undefined || model === undefined) {
      if (entry.trim() !== '') draft.leave(aliases, 'has a pair that is no `name=model`')
      continue
    }
    const target = routes.find(({ rule }) => fits(rule.match, name))?.rule.targets[0] ?? providerOf(name)
    if (typeof target === 'string')
      rules.push({ match: name, targets: [{ provider: target, model: literal(model) }] })
    else draft.leave(aliases, `the provider of \`${printableKey(name)}\` cannot be told: no route fits it`)
  }
  return rules.map((rule) => ({ rule, from: aliases }))
}

const fits = (pattern: string, name: string): boolean => {
  const [first = '', ...others] = pattern.split('*')
  if (others.length === 0) return first === name
  let at = first.length
  if (!name.startsWith(first)) return false
  for (const [index, part] of others.entries()) {
    const found = index === others.length - 1 ? name.length - part.length : name.indexOf(part, at)
    if (found < at || !name.startsWith(part, found)) return false
    at = found + part.length
  }
  return true
}

/** Their rules where the file has none. */
const providerOf = (model: string): string | undefined =>
  model.startsWith('gpt') ? 'openai' : model.startsWith('claude') ? 'anthropic' : undefined

const toRule = (rule: unknown): WrittenRule => {
  const match: unknown = typeof rule === 'object' && rule !== null && 'match' in rule ? rule.match : ''
  const targets: unknown = typeof rule === 'object' && rule !== null && 'targets' in rule ? rule.targets : []
  return { match: String(match), targets: Array.isArray(targets) ? targets : [] }
}

const addRule = (draft: Draft, { match, targets }: WrittenRule, from: Said<string>): void =>
  draft.add('routes', { match: literal(match), targets: targets.map(escapedTarget) }, from)

const escapedTarget = (target: unknown): unknown => (typeof target === 'string' ? literal(target) : target)

/** A rule needs a provider that is configured: its key was in a variable then, and is here. */
const addProvidersInUse = (draft: Draft): void => {
  const inUse = new Set(
    [draft.settings['routes'], [{ targets: [draft.settings['default_fallback']] }]]
      .flatMap((rules) => (Array.isArray(rules) ? rules : []))
      .flatMap((rule: WrittenRule) => rule.targets)
      .map((target) =>
        typeof target === 'object' && target !== null && 'provider' in target ? target.provider : target,
      ),
  )
  for (const [provider, name] of usualKeys) {
    const providers = draft.settings['providers']
    const known = typeof providers === 'object' && providers !== null ? Object.entries(providers) : []
    const settings: unknown = known.find(([id]) => id === provider)?.[1]
    const hasKey = typeof settings === 'object' && settings !== null && 'api_key' in settings
    if (hasKey || (!inUse.has(provider) && settings === undefined)) continue
    draft.set(
      ['providers', provider, 'api_key'],
      draft.refer(name),
      { line: 1, path: `${provider === 'google' ? 'gemini' : provider}_api_key` },
      'stands in no line of the file; a variable gives it',
    )
  }
}

const usualKeys = [
  ['openai', 'OPENAI_API_KEY'],
  ['anthropic', 'ANTHROPIC_API_KEY'],
  ['google', 'GEMINI_API_KEY'],
] as const

const marketplace = 'belongs to their marketplace'
const separate = 'this gateway has one database: `database.url`'
const logs = '`telemetry.log.file` names a folder here'
const reasons: Readonly<Record<string, string>> = {
  environment:
    'is `TGW_PROFILE` here; convert `config/<environment>/gateway.ini` too, whose lines count above these',
  base_url: marketplace,
  email: marketplace,
  display_name: marketplace,
  enable_provider: marketplace,
  marketplace_enabled: marketplace,
  publish_name: marketplace,
  model_family: marketplace,
  price_per_1k: `${marketplace}; own prices are \`prices\` here, per model`,
  telemetry_enabled: 'nothing is reported to anybody here',
  admin_email: 'the first administrator is made at the first start',
  auth_secret: 'signs their sessions; the keys here are made at the first start',
  ledger_path: separate,
  identity_path: separate,
  log_file: logs,
  log_file_cli: logs,
  log_file_daemon: logs,
  anthropic_version: 'follows from what the client sends',
  model_aliases_file: 'convert its lines as rules: an alias here counts before the rules, theirs after them',
  model_aliases_dir: 'convert its lines as rules: an alias here counts before the rules, theirs after them',
  duplicate_tool_detection: 'has no counterpart',
}

const byPrefix = (key: string): string | undefined => prefixes.find(([prefix]) => key.startsWith(prefix))?.[1]

const prefixes: readonly (readonly [string, string])[] = [
  ['db_', 'the pool looks after itself here'],
  ['bridge_session_', 'the bridge keeps no sessions here'],
  ['hooks_', 'programs get other events in another form here: write a line under `hooks`'],
  ['model_metadata_', 'the catalogue of models comes with the release'],
  ['sidecar_model_map', 'write aliases or rules for these names'],
  ['anthropic_', 'follows from the request and the model here'],
  ['openai_completion_max_tokens', 'no limit is written into requests here'],
  ['openai_tool_bridge_stream', 'streams are translated as streams here'],
  ['prompt_firewall_', 'belongs to the section `firewall`'],
]
