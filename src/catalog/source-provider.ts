/**
 * Our provider ids, and what the price source calls them. A provider that is not here (a server of one's own, a
 * reseller under any name) has no price but those that the configuration gives it.
 */
const names: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  deepseek: 'deepseek',
  moonshot: 'moonshotai',
  groq: 'groq',
  openrouter: 'openrouter',
  mistral: 'mistral',
  xai: 'x-ai',
  together: 'together',
  fireworks: 'fireworks',
  azure: 'azure',
}

/** The source's name of one of our providers; undefined when the source does not price it. */
export const sourceProvider = (provider: string): string | undefined =>
  Object.hasOwn(names, provider) ? names[provider] : undefined

/** Our id of a provider that the source names; its own name where we have none. */
export const ourProvider = (source: string): string =>
  Object.entries(names).find(([, name]) => name === source)?.[0] ?? source
