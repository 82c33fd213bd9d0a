import type { CheckFinding } from '../config/index.ts'
import type { ProviderKind } from './provider-kinds.ts'
import type { ProviderSettings } from './settings.ts'
import { noKey, providerKeys } from './usable-providers.ts'

type Key = keyof ProviderSettings

/** Rules between the fields of a provider. Paths begin with `providers`. */
export const checkProviders = (
  providers: Readonly<Record<string, ProviderSettings>>,
): readonly CheckFinding[] =>
  Object.entries(providers).flatMap(([name, settings]) => [
    ...missing(name, settings),
    ...refused(name, settings),
    ...keys(name, settings),
    ...address(name, settings),
  ])

const finding = (level: CheckFinding['level'], name: string, key: Key, message: string): CheckFinding => ({
  level,
  path: ['providers', name, key],
  message,
})

const needs: Readonly<Partial<Record<ProviderKind, readonly Key[]>>> = {
  'openai-compatible': ['base_url'],
  'anthropic-compatible': ['base_url'],
  'gemini-compatible': ['base_url'],
  'azure-openai': ['base_url', 'api_version'],
}

const missing = (name: string, settings: ProviderSettings): readonly CheckFinding[] =>
  (needs[settings.kind] ?? [])
    .filter((key) => settings[key] === undefined)
    .map((key) => finding('error', name, key, `is missing; a provider of kind \`${settings.kind}\` needs it`))

/** Settings that would have no effect. */
const refused = (name: string, settings: ProviderSettings): readonly CheckFinding[] => {
  const azureOnly: readonly Key[] = ['api_version', 'deployments']
  const unused: readonly Key[] =
    settings.kind === 'loopback'
      ? [
          ...azureOnly,
          'base_url',
          'api_key',
          'api_keys',
          'protocols',
          'organization',
          'project',
          'headers',
          'stream_usage',
          'health_check',
        ]
      : settings.kind === 'azure-openai'
        ? ['organization', 'project']
        : azureOnly
  return unused
    .filter((key) => settings[key] !== undefined)
    .map((key) =>
      finding('error', name, key, `has no effect on a provider of kind \`${settings.kind}\`; remove it`),
    )
}

const keys = (name: string, settings: ProviderSettings): readonly CheckFinding[] => {
  if (settings.api_key !== undefined && settings.api_keys !== undefined) {
    return [finding('error', name, 'api_keys', 'stands beside `api_key`; keep one of the two')]
  }
  const index = settings.api_keys?.indexOf(noKey) ?? -1
  if (index < 0) return []
  const message = '`none` is no key; write `api_key: none` for a provider without one'
  return [{ level: 'error', path: ['providers', name, 'api_keys', index], message }]
}

const openaiKinds: ReadonlySet<ProviderKind> = new Set([
  'openai-compatible',
  'openai',
  'ollama',
  'vllm',
  'lmstudio',
])
const bareKinds: ReadonlySet<ProviderKind> = new Set([
  'anthropic-compatible',
  'gemini-compatible',
  'anthropic',
  'google',
])

const address = (name: string, settings: ProviderSettings): readonly CheckFinding[] => {
  const { base_url: baseUrl, kind } = settings
  if (baseUrl === undefined) return []
  const url = new URL(baseUrl)
  const path = url.pathname.replace(/\/+$/, '')
  const found: CheckFinding[] = []
  const warn = (message: string) => found.push(finding('warning', name, 'base_url', message))
  const pasted = /\/(?:chat\/completions|completions|responses|embeddings|messages|models(?:\/.*)?)$/.exec(
    path,
  )
  if (pasted !== null) warn(`ends in \`${pasted[0]}\`, which requests add by themselves; remove it`)
  else if (openaiKinds.has(kind) && !/\/v\d+[a-z0-9]*(?:\/openai)?$/.test(path)) {
    warn('does not end in a version; the base URL of an OpenAI-compatible provider usually ends in `/v1`')
  } else if (bareKinds.has(kind) && path !== '') {
    warn(`has the path \`${path}\`; the base URL of a provider of kind \`${kind}\` usually has none`)
  }
  if (url.protocol === 'http:' && providerKeys(settings).length > 0 && !isNearby(url.hostname)) {
    warn('is not encrypted (http), so the key can be read on its way; use https')
  }
  return found
}

/** This machine, a private network, or a name without a dot, as in a container network. */
const isNearby = (host: string): boolean =>
  /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[::1\]|\[f[cd])/.test(host) ||
  !host.includes('.') ||
  /\.(?:local|internal|lan|localhost|svc|cluster\.local)$/.test(host)
