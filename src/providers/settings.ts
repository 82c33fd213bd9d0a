import { z } from 'zod'
import { duration, httpUrl, secretText, settingMeta, suggestion, text, wholeNumber } from '../config/index.ts'
import { protocolIds } from '../ir/index.ts'
import { providerLimitsSettings } from '../limits/settings.ts'
import { markPolicySetting } from '../prompt-cache/settings.ts'
import { builtInProviderIds, type ProviderKind, providerKinds } from './provider-kinds.ts'

export {
  type BuiltInProviderId,
  builtInProviderIds,
  type ProviderKind,
  providerKeyVariables,
  providerKinds,
} from './provider-kinds.ts'

const timeouts = {
  connect: duration().describe('Longest wait for a connection, in seconds or with a unit.'),
  first_byte: duration().describe('Longest wait for the first byte of an answer, in seconds or with a unit.'),
  idle: duration().describe('Longest silence within an answer, in seconds or with a unit.'),
  total: duration({ zero: 'no bound' }).describe(
    'Longest that an upstream call may take, in seconds or with a unit; 0 = no bound.',
  ),
}

/** The `timeouts` section, parsed to milliseconds; `total` 0 is no bound. */
export const timeoutsSettings = z
  .strictObject({
    connect: timeouts.connect.prefault('10s'),
    first_byte: timeouts.first_byte.prefault('600s'),
    idle: timeouts.idle.prefault('300s'),
    total: timeouts.total.prefault(0),
  })
  .prefault({})
  .register(settingMeta, { reloads: true })
  .describe('How long to wait for providers.')

export type TimeoutsSettings = z.output<typeof timeoutsSettings>

const timeoutOverrides = z.strictObject({
  connect: timeouts.connect.optional(),
  first_byte: timeouts.first_byte.optional(),
  idle: timeouts.idle.optional(),
  total: timeouts.total.optional(),
})

/** Paths of our own at which a provider of that name could not be reached, and `gemini`, which is a protocol. */
const takenNames = new Set([
  'v1',
  'v1beta',
  'api',
  'livez',
  'readyz',
  'health',
  'metrics',
  'gemini',
  'assets',
])

const providerName = z
  .string()
  .refine((name) => /^[a-z0-9][a-z0-9._-]{0,62}$/.test(name) && !takenNames.has(name), {
    error: ({ input }) =>
      input === 'gemini'
        ? 'the provider of Gemini models is called `google`'
        : takenNames.has(String(input))
          ? 'the name is a path of the gateway; choose another'
          : 'a provider is named with lower-case letters, digits, `.`, `_` and `-`',
  })

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'is no HTTP header name' })
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/)

const provider = z.strictObject({
  kind: z
    .enum(providerKinds)
    .optional()
    .describe(
      'What it speaks and how it is reached; may be left out where the name of the provider is one of them.',
    ),
  enabled: z.boolean().prefault(true).describe('`false` turns it off.'),
  base_url: httpUrl()
    .optional()
    .describe(
      'Where it answers. OpenAI-compatible: with `/v1`; Anthropic- and Gemini-compatible: without a path.',
    ),
  api_key: secretText()
    .optional()
    .describe('Its key; `none` sends none. Without it the usual environment variable counts.'),
  api_keys: z
    .array(secretText())
    .min(1)
    .optional()
    .register(settingMeta, { secret: 'value', expects: 'a list of texts that are not empty' })
    .describe('Several keys, in place of `api_key`.'),
  protocols: z
    .array(z.enum(protocolIds))
    .min(1)
    .optional()
    .describe('What it speaks, where that differs from its kind; best first.'),
  models: z
    .array(text())
    .optional()
    .describe('Models that it serves, names or globs; without it what the catalogue knows.'),
  organization: text().optional().describe('`openai-organization` header (OpenAI).'),
  project: text().optional().describe('`openai-project` header (OpenAI).'),
  api_version: text().optional().describe('`api-version` parameter (`azure-openai`).'),
  deployments: z
    .record(z.string().min(1), text())
    .optional()
    .describe('Deployment of each model: `model: deployment` (`azure-openai`).'),
  headers: z
    .record(headerName, headerValue)
    .optional()
    .register(settingMeta, { secret: 'value', expects: 'a section (`name: value` lines)' })
    .describe('Headers added to every request.'),
  stream_usage: z
    .enum(['ask', 'always', 'never'])
    .optional()
    .describe(
      'Usage in streams: `ask` asks for it, `always` it comes unasked, `never` asking breaks it (OpenAI chat).',
    ),
  health_check: z
    .strictObject({
      every: duration().prefault('30s').describe('How often, in seconds or with a unit.'),
      timeout: duration().prefault('5s').describe('How long an answer may take, in seconds or with a unit.'),
      failures: wholeNumber(1, 1000)
        .prefault(3)
        .describe('Failures in a row after which nothing is asked of the provider until a check succeeds.'),
      path: z
        .string()
        .regex(/^\/(?!\/)/, { error: 'must be a path that begins with `/`' })
        .optional()
        .register(settingMeta, { expects: 'a path that begins with `/`' })
        .describe("What is read (GET) at the provider's origin; without it its list of models."),
    })
    .optional()
    .describe(
      'Looks now and then whether the provider can be reached, with each of its keys; any answer below 500 says that it can. Nothing of it is billed.',
    ),
  prompt_cache: markPolicySetting,
  limits: providerLimitsSettings
    .optional()
    .describe(
      'What the provider allows: calls beyond go to the next key or target, wait, or are answered with 429.',
    ),
  timeouts: timeoutOverrides.optional().describe('Other timeouts than those of the section `timeouts`.'),
})

type WrittenProvider = z.output<typeof provider>

/** A provider with its kind, given or by its name. */
export interface ProviderSettings extends WrittenProvider {
  readonly kind: ProviderKind
}

/** The `providers` section: name → settings. */
export const providersSettings = z
  .record(providerName, provider)
  .transform((written, context): Readonly<Record<string, ProviderSettings>> => {
    const complete: Record<string, ProviderSettings> = {}
    for (const [name, settings] of Object.entries(written)) {
      const kind = settings.kind ?? kindNamed(name)
      if (kind === undefined) {
        context.issues.push({ code: 'custom', input: settings, path: [name], message: kindMissing(name) })
      } else complete[name] = { ...settings, kind }
    }
    return complete
  })
  .prefault({})
  .register(settingMeta, { reloads: true })
  .describe(
    'Who answers: `name: settings`. Providers whose usual environment variable is set need no line here.',
  )

const kindNamed = (name: string): ProviderKind | undefined => providerKinds.find((kind) => kind === name)

const kindMissing = (name: string): string => {
  const near = suggestion(name, builtInProviderIds)
  const kinds = '`openai-compatible`, `anthropic-compatible`, `gemini-compatible` or `azure-openai`'
  return `the provider needs a \`kind\`: ${kinds}; only built-in providers go without${near}`
}
