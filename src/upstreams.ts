import type { Credentials } from './accounts/index.ts'
import { parseVaultReference, Secret } from './accounts/index.ts'
import type { Catalog } from './catalog/index.ts'
import { GatewayError } from './errors.ts'
import type { ListedModel, Protocol } from './protocols/index.ts'
import {
  azureOpenai,
  basesOf,
  type Credential,
  httpProvider,
  loopback,
  type Provider,
  type ProviderSettings,
  providerKeys,
  recipes,
} from './providers/index.ts'

/** The configured providers with their opened credentials. */
export interface Upstreams {
  readonly providers: ReadonlyMap<string, Provider>
  readonly credentials: ReadonlyMap<string, readonly Credential[]>
  /** Masked credentials, for people. */
  readonly shown: ReadonlyMap<string, readonly { readonly id: string; readonly shown: string }[]>
}

export interface UpstreamsParts {
  readonly settings: Readonly<Record<string, ProviderSettings>>
  readonly credentials: Pick<Credentials, 'revealByName'>
  readonly catalog: Catalog
  readonly protocols: readonly Protocol[]
  readonly now: () => number
}

/** Opens what the settings name. Throws `config_invalid` for a provider that cannot be built. */
export const openUpstreams = async (parts: UpstreamsParts): Promise<Upstreams> => {
  const providers = new Map<string, Provider>()
  const credentials = new Map<string, readonly Credential[]>()
  const shown = new Map<string, readonly { readonly id: string; readonly shown: string }[]>()
  for (const [id, settings] of Object.entries(parts.settings)) {
    const provider = buildProvider(id, settings, parts)
    providers.set(id, provider)
    const opened = await openCredentials(id, settings, provider, parts)
    credentials.set(id, opened)
    shown.set(
      id,
      opened.flatMap((one) =>
        one.reveal === undefined ? [] : [{ id: one.id, shown: maskKey(one.reveal()) }],
      ),
    )
  }
  return { providers, credentials, shown }
}

const buildProvider = (id: string, settings: ProviderSettings, parts: UpstreamsParts): Provider => {
  if (settings.kind === 'loopback') return loopback({ id, protocols: parts.protocols, now: parts.now })
  const instance = {
    id,
    listed: listedModels(id, settings, parts.catalog),
    ...(settings.base_url === undefined ? {} : { baseUrl: settings.base_url }),
    ...(settings.protocols === undefined ? {} : { protocols: settings.protocols }),
    ...(settings.models === undefined ? {} : { models: settings.models }),
    ...(settings.headers === undefined ? {} : { headers: settings.headers }),
    ...(settings.organization === undefined ? {} : { organization: settings.organization }),
    ...(settings.project === undefined ? {} : { project: settings.project }),
    ...(settings.stream_usage === undefined ? {} : { streamUsage: settings.stream_usage }),
  }
  if (settings.kind === 'azure-openai') {
    if (settings.base_url === undefined) throw needsBaseUrl(id)
    const apiVersion = settings.api_version ?? '2024-10-21'
    return azureOpenai({
      ...instance,
      baseUrl: settings.base_url,
      apiVersion,
      deployments: settings.deployments ?? {},
    })
  }
  const recipe = recipes.find((one) => one.kind === settings.kind)
  if (recipe === undefined)
    throw new GatewayError('config_invalid', `providers.${id}: unknown kind ${settings.kind}`)
  if (Object.values(basesOf(recipe, instance)).some((base) => base === '')) throw needsBaseUrl(id)
  return httpProvider(recipe, instance)
}

const needsBaseUrl = (id: string): GatewayError =>
  new GatewayError('config_invalid', `providers.${id}: base_url is needed for this kind`)

/**
 * Names worth listing: what the settings name without a `*`, else what the catalogue knows. A name that does not lead
 * to this provider by itself is listed with its pin.
 */
const listedModels = (id: string, settings: ProviderSettings, catalog: Catalog): readonly ListedModel[] => {
  const named = settings.models?.filter((name) => !name.includes('*')) ?? []
  const known = catalog.models(id)
  const pinned =
    recipes.find((one) => one.kind === settings.kind)?.serves.length === 0 && settings.models === undefined
  const cards = named.length > 0 ? named.map((name) => catalog.model(id, name) ?? { id: name }) : known
  return cards.map((card) => ({
    id: pinned || card.id.includes('/') ? `${id}/${card.id}` : card.id,
    provider: id,
    operations: /embed/i.test(card.id) ? ['embed'] : ['generate'],
    ...('name' in card && card.name !== undefined ? { displayName: card.name } : {}),
    ...('contextWindow' in card && card.contextWindow !== undefined
      ? { contextWindow: card.contextWindow }
      : {}),
    ...('maxOutputTokens' in card && card.maxOutputTokens !== undefined
      ? { maxOutputTokens: card.maxOutputTokens }
      : {}),
  }))
}

const openCredentials = async (
  id: string,
  settings: ProviderSettings,
  provider: Provider,
  parts: UpstreamsParts,
): Promise<readonly Credential[]> => {
  const origin = originOf(provider)
  const keys = providerKeys(settings)
  if (keys.length === 0) {
    // Without any key there is still one way to call: local servers want none, and `api_key: none` says so.
    const keyless = provider.send !== undefined || settings.api_key === 'none' || needsNoKey(settings)
    return keyless ? [{ id: `${id}/none`, origin }] : []
  }
  const opened: Credential[] = []
  for (const [index, key] of keys.entries()) {
    const reference = parseVaultReference(key)
    if (reference === undefined) {
      const secret = new Secret(key)
      opened.push({ id: `${id}/${index + 1}`, origin, reveal: () => secret.reveal() })
      continue
    }
    const sealed = await parts.credentials.revealByName(reference.provider, reference.label)
    if (sealed === undefined) {
      throw new GatewayError(
        'config_invalid',
        `providers.${id}: the vault holds no ${key}, set it with \`tgw config set\``,
      )
    }
    if (sealed.info.origin !== origin) {
      throw new GatewayError(
        'config_invalid',
        `providers.${id}: ${key} was sealed for ${sealed.info.origin} and may not go to ${origin}: set it anew`,
      )
    }
    opened.push({ id: sealed.info.id, origin, reveal: () => sealed.secret.reveal() })
  }
  return opened
}

const needsNoKey = (settings: ProviderSettings): boolean =>
  recipes.find((one) => one.kind === settings.kind)?.credential === 'none'

/** The origin that a provider's credentials are bound to. All protocols of one provider live at one origin. */
export const originOf = (provider: Provider): string => {
  const protocol = provider.speaks('', 'generate')[0] ?? provider.speaks('', 'embed')[0]
  if (protocol === undefined) return 'null'
  return provider.url({
    protocol,
    operation: 'generate',
    model: 'm',
    path: '/v1',
    query: new URLSearchParams(),
  }).origin
}

const maskKey = (key: string): string => (key.length < 12 ? '…' : `${key.slice(0, 3)}…${key.slice(-4)}`)
