import type { Draft } from '../draft.ts'
import { providerName } from '../provider-name.ts'
import type { Deployment, Endpoint } from './deployment.ts'

export interface PlacedDeployment extends Deployment {
  /** The provider here that asks for it. */
  readonly provider: string
  /** What our rule asks the provider for. */
  readonly target: string
}

/** Makes a provider of each endpoint. `reserved`: names that models begin with (`openai/…`) and that would pin them. */
export const placeDeployments = (
  deployments: readonly Deployment[],
  reserved: ReadonlySet<string>,
  draft: Draft,
): readonly PlacedDeployment[] => {
  const taken = new Set(reserved)
  const names = new Map<string, string>()
  const wildcards = new Set(
    deployments.filter(({ model }) => model.includes('*')).map(({ endpoint }) => identity(endpoint)),
  )
  // Wildcards are found by the provider's name, so they choose first.
  for (const deployment of [...deployments].sort(wildcardsFirst)) {
    const id = identity(deployment.endpoint)
    if (names.has(id)) continue
    const name = providerName(wishedName(deployment.endpoint), taken)
    names.set(id, name)
    writeProvider(draft, name, deployment, wildcards.has(id))
  }
  const renamed = new Map<string, Map<string, string>>()
  return deployments.map((deployment) => {
    const provider = names.get(identity(deployment.endpoint)) ?? ''
    const target = behindDeployment(deployment, provider, renamed, draft)
    return { ...deployment, provider, target }
  })
}

const wildcardsFirst = (a: Deployment, b: Deployment): number =>
  Number(b.model.includes('*')) - Number(a.model.includes('*'))

const identity = (endpoint: Endpoint): string => JSON.stringify(endpoint)

const wishedName = ({ kind, prefix, baseUrl }: Endpoint): string => {
  const host = baseUrl === undefined ? undefined : URL.parse(baseUrl)?.host
  if (kind === 'azure-openai') return host === undefined ? 'azure' : `azure-${host.split('.')[0]}`
  if (kind.endsWith('-compatible')) return host?.replace(':', '-') ?? prefix
  return kind
}

const writeProvider = (
  draft: Draft,
  name: string,
  { endpoint, from }: Deployment,
  isWildcard: boolean,
): void => {
  const { kind, baseUrl, apiVersion, key, organization, headers, timeout } = endpoint
  const path = (field: string) => ['providers', name, field]
  if (name !== kind) draft.set(path('kind'), kind, from)
  if (baseUrl !== undefined) draft.set(path('base_url'), baseUrl, from)
  if (apiVersion !== undefined) draft.set(path('api_version'), apiVersion, from)
  if (organization !== undefined) draft.set(path('organization'), organization, from)
  const value =
    key.type === 'none'
      ? 'none'
      : key.type === 'variable'
        ? draft.refer(key.name)
        : draft.hideKey(key.secret, name, key.wish)
  draft.set(path('api_key'), value, from)
  if (Object.keys(headers).length > 0) draft.set(path('headers'), headers, from)
  if (timeout !== undefined) {
    const text =
      'was a limit of each wait, and is one of the first byte; `total` would bound the whole answer'
    draft.set([...path('timeouts'), 'first_byte'], `${timeout}s`, from, text)
  }
  // Only what the rules name is served, as there. Azure's models are its deployments anyhow.
  if (!isWildcard && kind !== 'azure-openai') draft.set(path('models'), [], from)
}

/** A model behind a deployment of another name is known to catalogue and prices by its own. */
const behindDeployment = (
  { model, baseModel, endpoint, from }: Deployment,
  provider: string,
  renamed: Map<string, Map<string, string>>,
  draft: Draft,
): string => {
  if (endpoint.kind !== 'azure-openai' || baseModel === undefined || baseModel === model) return model
  const known = renamed.get(provider) ?? new Map<string, string>()
  renamed.set(provider, known)
  const before = known.get(baseModel)
  if (before !== undefined) return before === model ? baseModel : model
  known.set(baseModel, model)
  draft.set(['providers', provider, 'deployments', baseModel], model, from)
  return baseModel
}
