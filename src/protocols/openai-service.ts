import type { Service } from '../ir/index.ts'

/**
 * A `service_tier` of OpenAI's protocols, asked or answered. `auto` leaves it to the provider, and says nothing.
 * Priority was renamed to Fast in July 2026 and either word may come; Groq calls its standard `on_demand`.
 * Source: https://developers.openai.com/api/docs/guides/fast-mode
 */
export const openaiService = (tier: unknown): Service | undefined => {
  if (typeof tier !== 'string') return undefined
  const word = tier.toLowerCase()
  if (word === '' || word === 'auto') return undefined
  return { class: classes.get(word) ?? word }
}

const classes: ReadonlyMap<string, string> = new Map([
  ['default', 'standard'],
  ['on_demand', 'standard'],
  ['fast', 'priority'],
])
