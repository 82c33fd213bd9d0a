/** OpenAI's words for how much a model shall think, weakest first. The other vendors use some of them. */
const scale: readonly string[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/**
 * The offered effort nearest to the wanted one: itself, else the next lower one, else the lowest that still thinks.
 * Undefined for a word that nobody knows.
 * @param offered empty: every word is taken
 */
export const nearestEffort = (wanted: string, offered: readonly string[]): string | undefined => {
  if (offered.length === 0 || offered.includes(wanted)) return wanted
  const rank = scale.indexOf(wanted)
  if (rank < 0) return undefined
  const ranks = offered.map((word) => scale.indexOf(word)).filter((other) => other > 0)
  const lower = ranks.filter((other) => other <= rank)
  const nearest = lower.length > 0 ? Math.max(...lower) : Math.min(...ranks)
  return scale[nearest]
}

/** The weakest offered effort, for a model that cannot be kept from thinking. */
export const lowestEffort = (offered: readonly string[]): string =>
  scale.find((word) => word !== 'none' && offered.includes(word)) ?? 'minimal'

/** One step up; `medium` is what a model does unasked. */
export const raisedEffort = (effort: string | undefined): string => {
  const rank = scale.indexOf(effort ?? 'medium')
  return scale[rank + 1] ?? effort ?? 'high'
}

/** Borders of translation.md §7.1: with them every effort but `minimal` survives the way to a budget and back. */
export const effortOfBudget = (budget: number, offered: readonly string[]): string => {
  if (budget <= 0) return 'none'
  if (budget <= 2048) return 'low'
  if (budget <= 12_288) return 'medium'
  return budget > 28_672 && offered.includes('xhigh') ? 'xhigh' : 'high'
}

const budgets: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
}

/** Tokens for an effort; undefined is the most that the model takes. */
export const budgetOfEffort = (
  effort: string,
  protocol: 'anthropic-messages' | 'gemini',
): number | undefined => {
  if (protocol === 'gemini') {
    if (effort === 'minimal') return 512
    if (effort === 'xhigh') return undefined
  }
  return budgets[effort]
}
