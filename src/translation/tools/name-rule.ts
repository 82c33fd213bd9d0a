import type { ProtocolId } from '../../ir/index.ts'
import { hashedHex } from './short-hash.ts'

interface NameRule {
  readonly valid: RegExp
  readonly longest: number
  /** What a valid name must not hold. */
  readonly invalid: RegExp
  /** How a valid name begins. */
  readonly start: RegExp
}

const letters: Omit<NameRule, 'valid' | 'longest'> = { invalid: /[^A-Za-z0-9_-]/g, start: /^/ }

const openai: NameRule = { ...letters, valid: /^[A-Za-z0-9_-]{1,64}$/, longest: 64 }

/** What each protocol takes as the name of a function (translation.md §1.6). */
const rules: Readonly<Record<ProtocolId, NameRule>> = {
  'openai-chat': openai,
  'openai-responses': openai,
  'openai-embeddings': openai,
  'anthropic-messages': { ...letters, valid: /^[A-Za-z0-9_-]{1,128}$/, longest: 128 },
  gemini: {
    valid: /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/,
    longest: 128,
    invalid: /[^A-Za-z0-9_.:-]/g,
    start: /^[A-Za-z_]/,
  },
}

export const isNameFor = (protocol: ProtocolId, name: string): boolean => rules[protocol].valid.test(name)

/**
 * A name that the protocol takes, from one that it does not: what is readable of it, cut, and a hash.
 * @param source what the hash tells apart
 */
export const aliasFor = (protocol: ProtocolId, name: string, source: string): string => {
  const { invalid, start, longest } = rules[protocol]
  const readable = name.replace(invalid, '_')
  const begun = start.test(readable) ? readable : `_${readable}`
  return `${begun.slice(0, longest - 9)}_${hashedHex(source)}`
}
