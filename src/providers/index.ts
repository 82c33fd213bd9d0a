export { type AzureSettings, azureOpenai } from './azure-openai.ts'
export { basesOf, httpProvider, type InstanceSettings } from './http-provider.ts'
export { type LoopbackParts, loopback } from './loopback/index.ts'
export type {
  Credential,
  CredentialCheck,
  Provider,
  UpstreamAddress,
  UpstreamCall,
  UpstreamReply,
} from './provider.ts'
export type { Recipe } from './recipe.ts'
export { recipes } from './recipes.ts'
export {
  type BuiltInProviderId,
  builtInProviderIds,
  type ProviderSettings,
  providerKeyVariables,
  providersSettings,
  type TimeoutsSettings,
  timeoutsSettings,
} from './settings.ts'
export {
  noKey,
  providerKeys,
  timeoutsFor,
  usableProviders,
} from './usable-providers.ts'
