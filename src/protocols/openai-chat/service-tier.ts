/** The same tiers have other names elsewhere (translation.md P21). */
const names: Readonly<Record<string, string>> = {
  // Anthropic
  standard_only: 'default',
  // Anthropic's answers, Gemini
  standard: 'default',
  // Responses
  ultrafast: 'fast',
}

const known = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast'])

/** Another protocol's tier in this wire's words; undefined where it has none. */
export const tierOf = (tier: string): string | undefined => {
  const name = answeredTier(tier)
  return known.has(name) ? name : undefined
}

/** The tier that an answer was served in: a word that nobody knows says more than none. */
export const answeredTier = (tier: string): string => {
  const word = tier.replace(/^SERVICE_TIER_/i, '')
  const lower = word.toLowerCase()
  const name = Object.hasOwn(names, lower) ? names[lower] : undefined
  return name ?? (known.has(lower) ? lower : word)
}
