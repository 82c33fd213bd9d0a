/** Other protocols' words for the service tier (translation.md P21); undefined where there is none. */
const tiers: Readonly<Record<string, string>> = {
  standard: 'standard',
  default: 'standard',
  standard_only: 'standard',
  flex: 'flex',
  priority: 'priority',
  fast: 'priority',
  ultrafast: 'priority',
}

export interface Tier {
  /** Absent: what the provider does by itself. */
  readonly word?: string
  readonly loss?: 'dropped' | 'approximated'
}

/** The tier that another provider's answer was served in; undefined where there is no word for it. */
export const answeredTier = (tier: string | undefined): string | undefined =>
  tier === undefined ? undefined : tierOf(tier).word

export const tierOf = (tier: string): Tier => {
  if (tier === 'auto') return {}
  const word = Object.hasOwn(tiers, tier) ? tiers[tier] : undefined
  if (word === undefined) return { loss: 'dropped' }
  return tier === 'fast' || tier === 'ultrafast' ? { word, loss: 'approximated' } : { word }
}
