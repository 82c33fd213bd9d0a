import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { loginSettings } from './accounts/login-settings.ts'
import { budgetsSettings, budgetsWhenAwaySettings } from './budgets/settings.ts'
import { cacheSettings } from './cache/settings.ts'
import { marginsSettings, pricesSettings } from './catalog/settings.ts'
import { compressSettings } from './compress/settings.ts'
import * as config from './config/index.ts'
import { duration, filePath, secretText, settingMeta } from './config/index.ts'
import { firewallSettings } from './firewall/settings.ts'
import { hooksSettings } from './hooks/settings.ts'
import { listenSettings } from './http/settings.ts'
import { auditSettings } from './ledger/audit-settings.ts'
import { ledgerSettings } from './ledger/settings.ts'
import { shadowSectionSettings } from './ledger/shadow-settings.ts'
import {
  limitsLongestWaitSettings,
  limitsRunawaySettings,
  limitsSettings,
  limitsWhenAwaySettings,
} from './limits/settings.ts'
import { smtpSettings } from './mail/settings.ts'
import { priceSourceSettings } from './prices/settings.ts'
import { promptCacheSettings } from './prompt-cache/settings.ts'
import { providersSettings, timeoutsSettings } from './providers/settings.ts'
import { sessionsSettings } from './sessions/settings.ts'
import { circuitsSettings, retrySettings } from './stages/resilience-settings.ts'
import {
  aliasesSettings,
  aliasFilesSettings,
  aliasFolderSettings,
  continuePausedSettings,
  defaultFallbackSettings,
  familyAliasesSettings,
  routesSettings,
  workModeSettings,
} from './stages/settings.ts'
import { redisSettings } from './state/settings.ts'
import { telemetrySettings } from './telemetry/settings.ts'

const database = z
  .strictObject({
    url: z
      .string()
      .regex(/^(?:sqlite:.+|postgres(?:ql)?:\/\/.+)$/)
      .optional()
      .register(settingMeta, {
        secret: 'url',
        path: 'sqlite',
        expects: '`sqlite:/path/file.db` or `postgres://user:password@host/database`',
      })
      .describe('`sqlite:/path/file.db` or `postgres://…`; without it a SQLite file in `data_dir`.'),
  })
  .prefault({})
  .describe('Where accounts and ledger are kept.')

const secrets = z
  .strictObject({
    master_key: secretText()
      .optional()
      .describe(
        'Wraps the keys that seal credentials. Without it one is made at the first start and kept in `data_dir`.',
      ),
    next_master_key: secretText()
      .optional()
      .describe(
        'Of a rotation where `master_key` comes from outside: taken in its place once the database was sealed with it.',
      ),
    admin_token: secretText()
      .optional()
      .describe('Admin token of a new installation; without it one is made.'),
    bootstrap_key: secretText()
      .optional()
      .describe('First virtual key (`tgw-sk-…`) of a new installation; without it one is made.'),
  })
  .prefault({})
  .describe('For scripts and containers; meant to come from the environment.')

const mostWorkers = 64

/** Everything that a configuration may say. Durations are parsed to milliseconds, sizes to bytes. */
export const settingsSchema = z.strictObject({
  listen: listenSettings,
  auth: z
    .enum(['on', 'off'])
    .prefault('on')
    .describe('`off` lets everybody in without a key; only on a loopback address.'),
  data_dir: filePath().prefault('~/.tollgate').describe('Folder of database, keys and logs.'),
  workers: z
    .union([z.literal('auto'), z.int().min(1).max(mostWorkers)])
    .prefault(1)
    .register(settingMeta, { expects: `a whole number from 1 to ${mostWorkers}, or \`auto\`` })
    .describe('Worker processes that share the ports; `auto` is one for each processor core.'),
  shutdown_timeout: duration()
    .prefault('30s')
    .describe('Longest wait for running exchanges when the gateway stops, in seconds or with a unit.'),
  providers: providersSettings,
  routes: routesSettings,
  aliases: aliasesSettings,
  alias_files: aliasFilesSettings,
  alias_folder: aliasFolderSettings,
  family_aliases: familyAliasesSettings,
  work_mode: workModeSettings,
  continue_paused: continuePausedSettings,
  default_fallback: defaultFallbackSettings,
  timeouts: timeoutsSettings,
  retry: retrySettings,
  circuits: circuitsSettings,
  prices: pricesSettings
    .prefault([])
    .register(settingMeta, { reloads: true, expects: 'a list of prices with `match`' })
    .describe('Own prices, in US dollars per million tokens; the first match wins over the catalogue.'),
  budgets: budgetsSettings,
  budgets_when_away: budgetsWhenAwaySettings,
  margins: marginsSettings
    .prefault([])
    .register(settingMeta, {
      reloads: true,
      expects: 'a list of margins with `percent` or `per_request_usd`',
    })
    .describe('What is charged beyond what a provider bills; the first margin that fits counts.'),
  price_source: priceSourceSettings,
  ledger: ledgerSettings,
  audit: auditSettings,
  shadow: shadowSectionSettings,
  hooks: hooksSettings,
  sessions: sessionsSettings,
  login: loginSettings,
  smtp: smtpSettings,
  database,
  redis: redisSettings,
  secrets,
  telemetry: telemetrySettings,
  ca_file: filePath().optional().describe('More certificate authorities to trust, PEM.'),
  limits: limitsSettings,
  limits_runaway: limitsRunawaySettings,
  limits_when_away: limitsWhenAwaySettings,
  limits_longest_wait: limitsLongestWaitSettings,
  firewall: firewallSettings,
  cache: cacheSettings,
  compress: compressSettings,
  prompt_cache: promptCacheSettings,
})

/** The parsed settings; frozen when they come from `loadSettings`. */
export type Settings = z.output<typeof settingsSchema>

/** Dotted paths of what differs and takes effect only at a restart. */
export const restartNeeded = (before: Settings, after: Settings): readonly string[] =>
  config.restartNeeded(settingsSchema, before, after)

/** A copy that may be shown: keys, tokens and passwords masked. */
export const maskSecrets = (settings: Settings): unknown => config.maskSecrets(settingsSchema, settings)

/** How many worker processes the settings ask for. */
export const workerCount = ({ workers }: Settings): number =>
  workers === 'auto' ? Math.min(mostWorkers, availableParallelism()) : workers

export const databaseUrl = (settings: Settings): string =>
  settings.database.url ?? `sqlite:${join(settings.data_dir, 'tollgate.db')}`

/** The folder of the log files; undefined for none. */
export const logFolder = (settings: Settings): string | undefined => {
  const { file } = settings.telemetry.log
  if (typeof file === 'string') return file
  return file ? join(settings.data_dir, 'logs') : undefined
}
