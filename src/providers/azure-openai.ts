import { canAnswer, globs, type InstanceSettings } from './http-provider.ts'
import type { Provider } from './provider.ts'

export interface AzureSettings extends InstanceSettings {
  readonly baseUrl: string
  readonly apiVersion: string
  /** Model name to deployment name; a model without an entry is its own deployment. */
  readonly deployments: Readonly<Record<string, string>>
}

/**
 * Azure OpenAI: chat and embeddings live under a deployment and want `api-version`; Responses has one address for all
 * and the deployment as the model. Source: learn.microsoft.com, Azure OpenAI REST API reference, read 2026-11.
 */
export const azureOpenai = (settings: AzureSettings): Provider => {
  const base = settings.baseUrl.replace(/\/+$/, '').replace(/\/openai(\/v1)?$/, '')
  const deploymentOf = (model: string): string => settings.deployments[model] ?? model
  const serves = globs(settings.models ?? Object.keys(settings.deployments))
  const spoken = settings.protocols ?? ['openai-responses', 'openai-chat', 'openai-embeddings']
  return {
    id: settings.id,
    kind: 'azure-openai',
    speaks: (_model, operation) => spoken.filter((protocol) => canAnswer(protocol, operation)),
    serves,
    url({ protocol, path, query, model }) {
      const rest = path.replace(/^\/v1(?=\/)/, '')
      const url =
        protocol === 'openai-responses'
          ? new URL(`${base}/openai/v1${rest}`)
          : new URL(`${base}/openai/deployments/${encodeURIComponent(deploymentOf(model))}${rest}`)
      url.search = query.toString()
      url.searchParams.set('api-version', protocol === 'openai-responses' ? 'preview' : settings.apiVersion)
      return url
    },
    credentialCheck: () => ({
      protocol: 'openai-responses',
      // Deployments have no list of their own: this is the resource's.
      url: new URL(`${base}/openai/v1/models?api-version=preview`),
      headers: {},
    }),
    authorize(headers, credential) {
      const secret = credential.reveal?.()
      if (secret !== undefined) headers.set('api-key', secret)
      for (const [name, value] of Object.entries(settings.headers ?? {})) headers.set(name, value)
    },
    listedModels: () => settings.listed,
    streamUsage: settings.streamUsage ?? 'ask',
  }
}
