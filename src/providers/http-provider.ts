import { globTest, type Operation, type ProtocolId, protocolIds } from '../ir/index.ts'
import type { ListedModel } from '../protocols/index.ts'
import type { Credential, Provider } from './provider.ts'
import type { CredentialStyle, Recipe } from './recipe.ts'

/** What the configuration says about one instance; absent means as in the recipe. */
export interface InstanceSettings {
  readonly id: string
  readonly baseUrl?: string
  readonly protocols?: readonly ProtocolId[]
  /** Names or globs that lead here; they replace the recipe's. */
  readonly models?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly organization?: string
  readonly project?: string
  readonly streamUsage?: Provider['streamUsage']
  readonly listed: readonly ListedModel[]
}

export const httpProvider = (recipe: Recipe, settings: InstanceSettings): Provider => {
  const bases = basesOf(recipe, settings)
  const spoken = settings.protocols ?? protocolsIn(bases)
  const serves = globs(settings.models ?? recipe.serves)
  const url: Provider['url'] = ({ protocol, path, query }) => {
    const base = bases[protocol]
    if (base === undefined) throw new RangeError(`${settings.id} has no base url for ${protocol}`)
    // OpenAI's base URLs hold the version already.
    const rest = protocol.startsWith('openai-') ? path.replace(/^\/v1(?=\/)/, '') : path
    const url = new URL(base + rest)
    url.search = query.size === 0 ? '' : query.toString()
    return url
  }
  return {
    id: settings.id,
    kind: recipe.kind,
    speaks: (_model, operation) => spoken.filter((protocol) => canAnswer(protocol, operation)),
    serves,
    url,
    credentialCheck() {
      const protocol = spoken.find((one) => canAnswer(one, 'list-models')) ?? spoken[0]
      if (protocol === undefined) return undefined
      const path = recipe.keyPath ?? (protocol === 'gemini' ? '/v1beta/models' : '/v1/models')
      const query = new URLSearchParams(protocol === 'gemini' ? { pageSize: '1' } : {})
      return {
        protocol,
        url: url({ protocol, operation: 'list-models', model: '', path, query }),
        headers: protocol === 'anthropic-messages' ? { 'anthropic-version': '2023-06-01' } : {},
      }
    },
    authorize(headers, credential, protocol) {
      putCredential(headers, recipe.credential, credential, protocol)
      if (settings.organization !== undefined) headers.set('openai-organization', settings.organization)
      if (settings.project !== undefined) headers.set('openai-project', settings.project)
      for (const [name, value] of Object.entries(settings.headers ?? {})) headers.set(name, value)
    },
    listedModels: () => settings.listed,
    streamUsage: settings.streamUsage ?? recipe.streamUsage,
  }
}

/**
 * The base URL per protocol. One that the operator configured is for the recipe's first protocol; the others follow
 * from it by each vendor's custom: OpenAI's ends in `/v1`, the rest stop before it.
 */
export const basesOf = (recipe: Recipe, settings: InstanceSettings): Recipe['bases'] => {
  if (settings.baseUrl === undefined) return recipe.bases
  const given = settings.baseUrl.replace(/\/+$/, '')
  const givenForOpenai = protocolsIn(recipe.bases)[0]?.startsWith('openai-') ?? true
  const root = givenForOpenai ? given.replace(/\/v1$/, '') : given
  const bases: { [id in ProtocolId]?: string } = {}
  for (const protocol of settings.protocols ?? protocolsIn(recipe.bases)) {
    const openai = protocol.startsWith('openai-')
    bases[protocol] = openai ? (givenForOpenai ? given : `${root}/v1`) : root
  }
  return bases
}

/** In the recipe's order: best first. */
const protocolsIn = (bases: Recipe['bases']): readonly ProtocolId[] =>
  Object.keys(bases).flatMap((key) => protocolIds.filter((id) => id === key))

/** Which operations exist in which protocol. */
export const canAnswer = (protocol: ProtocolId, operation: Operation): boolean => {
  switch (operation) {
    case 'generate':
      return protocol !== 'openai-embeddings'
    case 'embed':
      return protocol === 'openai-embeddings' || protocol === 'gemini'
    case 'count-tokens':
      return protocol === 'anthropic-messages' || protocol === 'gemini' || protocol === 'openai-responses'
    case 'list-models':
    case 'get-model':
      return protocol !== 'openai-responses' && protocol !== 'openai-embeddings'
    default:
      return protocol === 'openai-responses'
  }
}

const putCredential = (
  headers: Headers,
  style: CredentialStyle,
  credential: Credential,
  protocol: ProtocolId,
): void => {
  const secret = credential.reveal?.()
  if (secret === undefined) return
  if (style === 'vendor' && protocol === 'anthropic-messages') headers.set('x-api-key', secret)
  else if (style === 'vendor' && protocol === 'gemini') headers.set('x-goog-api-key', secret)
  else headers.set('authorization', `Bearer ${secret}`)
}

/** Is the name one of the exact ones, or does a glob take it? */
export const globs = (patterns: readonly string[]): ((model: string) => boolean) => {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const tests = patterns.filter((pattern) => pattern.includes('*')).map(globTest)
  return (model) => exact.has(model) || tests.some((test) => test(model))
}
