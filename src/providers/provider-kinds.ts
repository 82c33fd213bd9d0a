/** Providers that need no `kind`: the name says it. */
export const builtInProviderIds = [
  'openai',
  'anthropic',
  'google',
  'deepseek',
  'moonshot',
  'groq',
  'openrouter',
  'mistral',
  'xai',
  'together',
  'fireworks',
  'ollama',
  'vllm',
  'lmstudio',
  'loopback',
] as const

export const providerKinds = [
  'openai-compatible',
  'anthropic-compatible',
  'gemini-compatible',
  'azure-openai',
  ...builtInProviderIds,
] as const

export type BuiltInProviderId = (typeof builtInProviderIds)[number]
export type ProviderKind = (typeof providerKinds)[number]

/** The environment variables in which people usually keep a provider's key; the first that is set counts. */
export const providerKeyVariables: Readonly<Partial<Record<ProviderKind, readonly string[]>>> = {
  openai: ['OPENAI_API_KEY'],
  anthropic: ['ANTHROPIC_API_KEY'],
  google: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  deepseek: ['DEEPSEEK_API_KEY'],
  moonshot: ['MOONSHOT_API_KEY'],
  groq: ['GROQ_API_KEY'],
  openrouter: ['OPENROUTER_API_KEY'],
  mistral: ['MISTRAL_API_KEY'],
  xai: ['XAI_API_KEY'],
  together: ['TOGETHER_API_KEY'],
  fireworks: ['FIREWORKS_API_KEY'],
  'azure-openai': ['AZURE_OPENAI_API_KEY'],
}
