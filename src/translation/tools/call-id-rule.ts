import type { ProtocolId } from '../../ir/index.ts'
import { hashedLetters } from './short-hash.ts'

interface IdRule {
  readonly valid: RegExp
  readonly prefix: string
}

const openai: IdRule = { valid: /^[\x21-\x7e]{1,64}$/, prefix: 'call_' }

/** What each protocol takes as the id of a call (translation.md §1.6). */
const rules: Readonly<Record<ProtocolId, IdRule>> = {
  'openai-chat': openai,
  'openai-responses': openai,
  'openai-embeddings': openai,
  'anthropic-messages': { valid: /^[A-Za-z0-9_-]+$/, prefix: 'toolu_' },
  // Gemini takes any: its own CLI makes them up for models that give none.
  gemini: { valid: /^.+$/s, prefix: 'call_' },
}

export const isCallIdFor = (protocol: ProtocolId, id: string): boolean => rules[protocol].valid.test(id)

/** An id for a call that has none that fits, from what tells it apart. */
export const madeCallId = (protocol: ProtocolId, ...from: readonly (string | number)[]): string =>
  `${rules[protocol].prefix}${hashedLetters(...from)}`
