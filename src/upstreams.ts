import type { CredentialInfo, Credentials, OpenCredential } from './accounts/index.ts'
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
  noKey,
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
  /** Those that the vault holds, by id, as they were when they were opened. */
  readonly held: ReadonlyMap<string, CredentialInfo>
  /** All that the vault held. */
  readonly sealed: readonly CredentialInfo[]
}

export interface UpstreamsParts {
  readonly settings: Readonly<Record<string, ProviderSettings>>
  readonly credentials: Pick<Credentials, 'reveal' | 'revealByName'>
  /** What the vault holds. */
  readonly sealed: readonly CredentialInfo[]
  /**
   * `refuse`: a key of the vault that is named and missing, or bound to another address, is `config_invalid`. `skip`:
   * the provider goes on with what it has, since the vault changed and not the settings.
   */
  readonly onMissing: 'refuse' | 'skip'
  /** Told about a credential that nobody named and that does not open; the others are used. */
  readonly onProblem: (message: string) => void
  readonly catalog: Catalog
  readonly protocols: readonly Protocol[]
  readonly now: () => number
}

/**
 * Opens what the settings name, and what else the vault holds for a provider and its address. Throws `config_invalid`
 * for a provider that cannot be built.
 */
export const openUpstreams = async (parts: UpstreamsParts): Promise<Upstreams> => {
  const providers = new Map<string, Provider>()
  const credentials = new Map<string, readonly Credential[]>()
  const shown = new Map<string, readonly { readonly id: string; readonly shown: string }[]>()
  const held = new Map<string, CredentialInfo>()
  for (const [id, settings] of Object.entries(parts.settings)) {
    const provider = buildProvider(id, settings, parts)
    providers.set(id, provider)
    const opened = await openCredentials(id, settings, provider, parts)
    credentials.set(id, opened)
    for (const one of opened) {
      const info = parts.sealed.find((sealed) => sealed.id === one.id)
      if (info !== undefined) held.set(one.id, info)
    }
    shown.set(
      id,
      opened.flatMap((one) =>
        one.reveal === undefined ? [] : [{ id: one.id, shown: maskKey(one.reveal()) }],
      ),
    )
  }
  return { providers, credentials, shown, held, sealed: parts.sealed }
}

/** Throws `config_invalid` for one that cannot be built. */
export const buildProvider = (
  id: string,
  settings: ProviderSettings,
  parts: Pick<UpstreamsParts, 'catalog' | 'protocols' | 'now'>,
): Provider => {
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
  const named = await openNamed(id, settings, origin, parts)
  const unnamed = settings.api_key === noKey ? [] : await openUnnamed(id, origin, named, parts)
  const opened = [...named, ...unnamed]
  if (opened.length > 0 || providerKeys(settings).length > 0) return opened
  // Without any key there is still one way to call: local servers want none, and `api_key: none` says so.
  const keyless = provider.send !== undefined || settings.api_key === noKey || needsNoKey(settings)
  return keyless ? [{ id: `${id}/none`, origin }] : []
}

/** What the settings say: keys, and names of keys of the vault. */
const openNamed = async (
  id: string,
  settings: ProviderSettings,
  origin: string,
  parts: UpstreamsParts,
): Promise<readonly Credential[]> => {
  const opened: Credential[] = []
  for (const [index, key] of providerKeys(settings).entries()) {
    const reference = parseVaultReference(key)
    if (reference === undefined) {
      const secret = new Secret(key)
      opened.push({ id: `${id}/${index + 1}`, origin, reveal: () => secret.reveal() })
      continue
    }
    const sealed = await parts.credentials.revealByName(reference.provider, reference.label)
    const fault =
      sealed === undefined
        ? `the vault holds no ${key}, set it with \`tgw credentials add ${reference.provider} --label ${reference.label}\``
        : sealed.info.origin !== origin
          ? `${key} was sealed for ${sealed.info.origin} and may not go to ${origin}: set it anew`
          : undefined
    if (sealed !== undefined && fault === undefined) opened.push(toCredential(sealed))
    else if (parts.onMissing === 'refuse')
      throw new GatewayError('config_invalid', `providers.${id}: ${fault ?? ''}`)
  }
  return opened
}

/** What the vault holds beside that for this provider, bound to the address that it has. */
const openUnnamed = async (
  id: string,
  origin: string,
  named: readonly Credential[],
  { credentials, sealed, onProblem }: UpstreamsParts,
): Promise<readonly Credential[]> => {
  const others = sealed.filter(
    (one) => one.provider === id && one.origin === origin && !named.some((other) => other.id === one.id),
  )
  const opened = await Promise.all(
    others.map((one) =>
      credentials.reveal(one.id).catch((error: unknown) => {
        if (!(error instanceof GatewayError) || error.code !== 'vault_value_invalid') throw error
        onProblem(error.message)
        return undefined
      }),
    ),
  )
  // One that was removed meanwhile is simply not there.
  return opened.flatMap((one) => (one?.info.origin === origin ? [toCredential(one)] : []))
}

const toCredential = ({ info, secret }: OpenCredential): Credential => ({
  id: info.id,
  version: info.version,
  origin: info.origin,
  reveal: () => secret.reveal(),
})

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
