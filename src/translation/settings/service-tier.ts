import type { ProtocolId } from '../../ir/index.ts'

export interface FittedTier {
  /** The target's word; undefined where it is to say nothing. */
  readonly word?: string
  readonly loss?: 'dropped' | 'approximated'
}

/** What the words of all protocols mean. */
const meanings: Readonly<Record<string, Tier>> = {
  auto: 'auto',
  default: 'standard',
  standard: 'standard',
  standard_only: 'standard',
  flex: 'flex',
  scale: 'priority',
  priority: 'priority',
  fast: 'fast',
  ultrafast: 'ultrafast',
}

type Tier = 'auto' | 'standard' | 'flex' | 'priority' | 'fast' | 'ultrafast'

/** translation.md P21. A tier that is not here has no counterpart. */
const words: Readonly<Partial<Record<ProtocolId, Readonly<Partial<Record<Tier, FittedTier>>>>>> = {
  'anthropic-messages': {
    auto: { word: 'auto' },
    standard: { word: 'standard_only' },
    priority: { word: 'auto' },
    fast: { word: 'auto', loss: 'approximated' },
    ultrafast: { word: 'auto', loss: 'approximated' },
  },
  'openai-chat': {
    auto: { word: 'auto' },
    standard: { word: 'default' },
    flex: { word: 'flex' },
    priority: { word: 'priority' },
    fast: { word: 'fast' },
    ultrafast: { word: 'fast', loss: 'approximated' },
  },
  'openai-responses': {
    auto: { word: 'auto' },
    standard: { word: 'default' },
    flex: { word: 'flex' },
    priority: { word: 'priority' },
    fast: { word: 'fast' },
    ultrafast: { word: 'ultrafast' },
  },
  gemini: {
    auto: {},
    standard: { word: 'standard' },
    flex: { word: 'flex' },
    priority: { word: 'priority' },
    fast: { word: 'priority', loss: 'approximated' },
    ultrafast: { word: 'priority', loss: 'approximated' },
  },
}

/** A service tier of any protocol in the words of one. */
export const tierFor = (tier: string, protocol: ProtocolId): FittedTier => {
  const word = tier.toLowerCase().replace(/^service_tier_/, '')
  // Chat and Responses share this one.
  if (word === 'scale' && protocol.startsWith('openai-')) return { word }
  const meaning = Object.hasOwn(meanings, word) ? meanings[word] : undefined
  const fitted = meaning === undefined ? undefined : words[protocol]?.[meaning]
  return fitted ?? { loss: 'dropped' }
}
