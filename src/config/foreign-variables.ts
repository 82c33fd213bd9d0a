/**
 * Variables of other gateways that are read where the meaning is the same. Variables of this gateway win.
 *
 * Sources: Tokligence Gateway, github.com/tokligence/tokligence-gateway: the "Tokligence Gateway Configuration
 * Guide" in its docs (tables of names, defaults, formats) and `internal/config/config.go` (which variables are
 * read, how values are parsed). Tkngate, github.com/tkngate/tkngate: `internal/crypto/blinder.go`.
 *
 * Left out, since the meaning differs: `TOKLIGENCE_LEDGER_PATH` and `_IDENTITY_PATH` (two databases of another
 * schema), `_LOG_FILE*` (a file, here a folder), `_MODEL_ALIASES*` (applied after routing), `_TELEMETRY_ENABLED`
 * (reports to the vendor), `_AUTH_SECRET` (signs sessions), and everything without a counterpart.
 */
export interface ForeignVariable {
  readonly name: string
  readonly sets: readonly string[]
  /** The setting in YAML's types. Returns undefined for a text of another form, which is then reported. */
  readonly read: (text: string) => unknown
  readonly meaning: string
  /** Lists of several variables become one list, in the order of this table. */
  readonly joins?: true
}

const plain = (text: string): unknown => text.trim()

/** As Tokligence reads it: everything but 1, true, yes and on is false. */
const truth = (text: string): boolean => ['1', 'true', 'yes', 'on'].includes(text.trim().toLowerCase())

const integer = (text: string): unknown => (/^\s*\d{1,9}\s*$/.test(text) ? Number(text) : undefined)

const list = (text: string): unknown =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

/** Their name for Google's provider. */
const provider = (name: string): string => (name === 'gemini' ? 'google' : name)

const rules = (
  text: string,
): readonly { readonly match: string; readonly targets: readonly string[] }[] | undefined => {
  const entries = text.split(/[,\n]/).filter((entry) => !/^\s*(?:[#;].*)?$/.test(entry))
  const parsed = entries.map((entry) => {
    const [, match, target] = /^\s*([^=\s]+)\s*=>?\s*([^=>\s]+)\s*$/.exec(entry) ?? []
    return match === undefined || target === undefined ? undefined : { match, targets: [provider(target)] }
  })
  const complete = parsed.filter((rule) => rule !== undefined)
  return complete.length === parsed.length ? complete : undefined
}

/** Exact names before patterns, as their router looks. */
const exactFirst = (text: string): unknown => {
  const found = rules(text)
  return (
    found && [
      ...found.filter((rule) => !rule.match.includes('*')),
      ...found.filter((rule) => rule.match.includes('*')),
    ]
  )
}

const row = (
  name: string,
  sets: string | readonly string[],
  read: ForeignVariable['read'],
  meaning: string,
): ForeignVariable => ({ name, sets: typeof sets === 'string' ? [sets] : sets, read, meaning })

export const foreignVariables: readonly ForeignVariable[] = [
  row('TOKLIGENCE_FACADE_PORT', ['listen.port', 'listen.ports.facade'], integer, 'port of the facade'),
  row('TOKLIGENCE_ADMIN_PORT', 'listen.ports.admin', integer, 'admin port'),
  row('TOKLIGENCE_OPENAI_PORT', 'listen.ports.openai', integer, 'OpenAI port'),
  row('TOKLIGENCE_ANTHROPIC_PORT', 'listen.ports.anthropic', integer, 'Anthropic port'),
  row('TOKLIGENCE_GEMINI_PORT', 'listen.ports.gemini', integer, 'Gemini port'),
  row(
    'TOKLIGENCE_MULTIPORT_MODE',
    'listen.mode',
    (text) => (truth(text) ? 'multi' : 'single'),
    'one port or several',
  ),
  row('TOKLIGENCE_FACADE_ENDPOINTS', 'listen.endpoints.facade', list, 'endpoint keys of the facade'),
  row('TOKLIGENCE_ADMIN_ENDPOINTS', 'listen.endpoints.admin', list, 'endpoint keys of the admin port'),
  row('TOKLIGENCE_OPENAI_ENDPOINTS', 'listen.endpoints.openai', list, 'endpoint keys of the OpenAI port'),
  row(
    'TOKLIGENCE_ANTHROPIC_ENDPOINTS',
    'listen.endpoints.anthropic',
    list,
    'endpoint keys of the Anthropic port',
  ),
  row('TOKLIGENCE_GEMINI_ENDPOINTS', 'listen.endpoints.gemini', list, 'endpoint keys of the Gemini port'),
  row('TOKLIGENCE_AUTH_DISABLED', 'auth', (text) => (truth(text) ? 'off' : 'on'), 'authentication'),
  row('TOKLIGENCE_LOG_LEVEL', 'telemetry.log.level', (text) => text.trim().toLowerCase(), 'log level'),
  row(
    'TOKLIGENCE_WORK_MODE',
    'work_mode',
    (text) => text.trim().toLowerCase(),
    'pass-through or translation',
  ),
  row(
    'TOKLIGENCE_FALLBACK_ADAPTER',
    'default_fallback',
    (text) => provider(text.trim()),
    'provider of a model without a route',
  ),
  {
    ...row('TOKLIGENCE_ROUTES', 'routes', exactFirst, 'routes, before those of the next variable'),
    joins: true,
  },
  { ...row('TOKLIGENCE_MODEL_PROVIDER_ROUTES', 'routes', rules, 'routes in their order'), joins: true },
  row('TOKLIGENCE_OPENAI_API_KEY', 'providers.openai.api_key', plain, 'OpenAI key'),
  row('TOKLIGENCE_OPENAI_BASE_URL', 'providers.openai.base_url', plain, 'OpenAI base URL'),
  row('TOKLIGENCE_OPENAI_ORG', 'providers.openai.organization', plain, 'OpenAI organisation'),
  row('TOKLIGENCE_ANTHROPIC_API_KEY', 'providers.anthropic.api_key', plain, 'Anthropic key'),
  row('TOKLIGENCE_ANTHROPIC_BASE_URL', 'providers.anthropic.base_url', plain, 'Anthropic base URL'),
  row('TOKLIGENCE_GEMINI_API_KEY', 'providers.google.api_key', plain, 'Gemini key'),
  row('TOKLIGENCE_GEMINI_BASE_URL', 'providers.google.base_url', plain, 'Gemini base URL'),
  row('TKNGATE_MASTER_KEY', 'secrets.master_key', (text) => text, 'master key'),
]
