import { builtInProviderIds, type ProviderKind, providerKeyVariables } from './provider-kinds.ts'
import type { ProviderSettings, TimeoutsSettings } from './settings.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Providers = Readonly<Record<string, ProviderSettings>>

/**
 * The providers that are on: those of the settings, with the key from the usual variable where the settings name
 * none; built-in ones whose variable is set, or that the vault holds a credential of; and `loopback`. What is
 * `enabled: false` is left out.
 *
 * @param sealed ids of the providers that the vault holds credentials of, as far as it was asked
 */
export const usableProviders = (
  configured: Providers,
  env: Environment,
  sealed: ReadonlySet<string> = new Set(),
): Providers => {
  const providers = new Map<string, ProviderSettings>()
  for (const [name, settings] of Object.entries(configured)) {
    if (settings.enabled) providers.set(name, withUsualKey(name, settings, env))
  }
  for (const id of builtInProviderIds) {
    if (Object.hasOwn(configured, id)) continue
    const key = usualKey(id, env)
    if (id === 'loopback') providers.set(id, { kind: id, enabled: true })
    else if (key !== undefined) providers.set(id, { kind: id, enabled: true, api_key: key })
    else if (sealed.has(id)) providers.set(id, { kind: id, enabled: true })
  }
  return Object.fromEntries(providers)
}

/** The keys to use; none for `api_key: none` and where nothing is configured. */
export const providerKeys = (settings: ProviderSettings): readonly string[] => {
  if (settings.api_keys !== undefined) return settings.api_keys
  return settings.api_key === undefined || settings.api_key === noKey ? [] : [settings.api_key]
}

/** The global timeouts with a provider's own laid over. Milliseconds. */
export const timeoutsFor = (
  global: TimeoutsSettings,
  own: ProviderSettings['timeouts'],
): TimeoutsSettings => ({
  connect: own?.connect ?? global.connect,
  first_byte: own?.first_byte ?? global.first_byte,
  idle: own?.idle ?? global.idle,
  total: own?.total ?? global.total,
})

/** The `api_key` that means: send no credential. */
export const noKey = 'none'

/** An own kind at an own address has no usual variable: the key of OpenAI must not go to a stranger. */
const withUsualKey = (name: string, settings: ProviderSettings, env: Environment): ProviderSettings => {
  if (settings.api_key !== undefined || settings.api_keys !== undefined) return settings
  const key =
    settings.kind === name || settings.kind === 'azure-openai' ? usualKey(settings.kind, env) : undefined
  return key === undefined ? settings : { ...settings, api_key: key }
}

const usualKey = (kind: ProviderKind, env: Environment): string | undefined =>
  providerKeyVariables[kind]?.map((name) => env[name]).find((value) => value !== undefined && value !== '')
