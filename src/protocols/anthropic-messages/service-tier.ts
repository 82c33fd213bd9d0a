/** The tier in which another provider's answer was served, in this wire's words (translation.md P21). */
const words: Readonly<Record<string, string>> = {
  standard: 'standard',
  default: 'standard',
  priority: 'priority',
  batch: 'batch',
}

/** Undefined where there is no word for it. */
export const answeredTier = (tier: string | undefined): string | undefined =>
  tier !== undefined && Object.hasOwn(words, tier) ? words[tier] : undefined
