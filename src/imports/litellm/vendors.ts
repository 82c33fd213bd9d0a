import type { ProviderSettings } from '../../providers/index.ts'

/** What stands before the first `/` of `litellm_params.model`, as a provider here. */
export interface Vendor {
  readonly kind: ProviderSettings['kind']
  /** How LiteLLM calls the variable with its key; absent where a key is not asked for. */
  readonly keyVariable?: string
  /** The kind of the same protocol at an address of one's own, where that is another. */
  readonly elsewhere?: ProviderSettings['kind']
  /** Hosts that are the vendor's own. */
  readonly hosts?: readonly string[]
  /** Turns `api_base` into the base URL of that kind. */
  readonly base?: (apiBase: string) => string
  /** Words between vendor and model that only choose LiteLLM's code. */
  readonly skips?: readonly string[]
}

const withVersion = (base: string): string => {
  const bare = base.replace(/\/+$/, '')
  return /\/v\d+[a-z0-9]*$/.test(bare) ? bare : `${bare}/v1`
}

const openai: Vendor = {
  kind: 'openai',
  keyVariable: 'OPENAI_API_KEY',
  elsewhere: 'openai-compatible',
  hosts: ['api.openai.com'],
  skips: ['responses', 'chat'],
}
const ollama: Vendor = { kind: 'ollama', base: withVersion }

export const vendors: Readonly<Record<string, Vendor>> = {
  openai,
  custom_openai: { kind: 'openai-compatible' },
  litellm_proxy: { kind: 'openai-compatible', base: withVersion },
  azure: {
    kind: 'azure-openai',
    keyVariable: 'AZURE_API_KEY',
    skips: ['responses', 'chat', 'o_series', 'gpt5_series'],
  },
  anthropic: {
    kind: 'anthropic',
    keyVariable: 'ANTHROPIC_API_KEY',
    elsewhere: 'anthropic-compatible',
    hosts: ['api.anthropic.com'],
    base: (base) => base.replace(/\/+$/, '').replace(/\/v1(?:\/messages)?$/, ''),
  },
  gemini: {
    kind: 'google',
    keyVariable: 'GEMINI_API_KEY',
    elsewhere: 'gemini-compatible',
    hosts: ['generativelanguage.googleapis.com'],
    base: (base) => base.replace(/\/+$/, '').replace(/\/v1(?:beta)?$/, ''),
  },
  deepseek: { kind: 'deepseek', keyVariable: 'DEEPSEEK_API_KEY' },
  moonshot: { kind: 'moonshot', keyVariable: 'MOONSHOT_API_KEY' },
  groq: { kind: 'groq', keyVariable: 'GROQ_API_KEY' },
  openrouter: { kind: 'openrouter', keyVariable: 'OPENROUTER_API_KEY' },
  mistral: { kind: 'mistral', keyVariable: 'MISTRAL_API_KEY' },
  xai: { kind: 'xai', keyVariable: 'XAI_API_KEY' },
  together_ai: { kind: 'together', keyVariable: 'TOGETHERAI_API_KEY' },
  fireworks_ai: { kind: 'fireworks', keyVariable: 'FIREWORKS_AI_API_KEY' },
  hosted_vllm: { kind: 'vllm' },
  lm_studio: { kind: 'lmstudio' },
  ollama,
  ollama_chat: ollama,
}

export interface NamedModel {
  readonly vendor: Vendor
  /** As the provider calls it; with `*` for a wildcard. */
  readonly model: string
  /** LiteLLM's word for the vendor. */
  readonly prefix: string
}

/** Undefined for a vendor that no kind of provider here speaks to. `custom` is `custom_llm_provider`. */
export const readModel = (name: string, custom: string | undefined): NamedModel | undefined => {
  if (custom !== undefined) {
    const vendor = vendorNamed(custom)
    const model = name.startsWith(`${custom}/`) ? name.slice(custom.length + 1) : name
    return vendor === undefined ? undefined : { vendor, model: skip(vendor, model), prefix: custom }
  }
  const slash = name.indexOf('/')
  const prefix = name.slice(0, Math.max(0, slash))
  const vendor = vendorNamed(prefix)
  if (vendor !== undefined) return { vendor, model: skip(vendor, name.slice(slash + 1)), prefix }
  // LiteLLM finds the vendor of a bare name in its list of models.
  if (slash > 0) return undefined
  const bare = bareNames.find(([pattern]) => pattern.test(name))?.[1]
  const known = bare === undefined ? undefined : vendorNamed(bare)
  return bare === undefined || known === undefined ? undefined : { vendor: known, model: name, prefix: bare }
}

const vendorNamed = (prefix: string): Vendor | undefined =>
  Object.hasOwn(vendors, prefix) ? vendors[prefix] : undefined

const skip = (vendor: Vendor, model: string): string => {
  const [first = '', ...others] = model.split('/')
  return others.length > 0 && vendor.skips?.includes(first) === true ? others.join('/') : model
}

const bareNames: readonly (readonly [RegExp, string])[] = [
  [/^(?:gpt-|chatgpt-|o\d|codex-|ft:|text-embedding-)/, 'openai'],
  [/^claude-/, 'anthropic'],
]
