/** The same tiers have other names elsewhere (translation.md P21). */
const names: Readonly<Record<string, string>> = {
  // Anthropic
  standard_only: 'default',
  // Anthropic's answers, Gemini
  standard: 'default',
}

const known = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'ultrafast'])

/** Another protocol's tier in this wire's words; undefined where it has none. */
export const tierOf = (tier: string): string | undefined => {
  const word = tier.toLowerCase().replace(/^service_tier_/, '')
  const name = Object.hasOwn(names, word) ? names[word] : word
  return name !== undefined && known.has(name) ? name : undefined
}
