import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** The keys of one organisation: one signs envelopes of reasoning state, the others encrypt what is kept here. */
export interface StateKeys {
  readonly sign: KeyObject
  readonly encrypt: KeyObject
  /** For answers and conversations. */
  readonly sessions: KeyObject
  /** For answers in the cache that gateways share. */
  readonly answers: KeyObject
  /** For the names that they have there. */
  readonly answerNames: KeyObject
}

export type StateKeysOf = (organisation: string) => StateKeys

/**
 * Derives the keys from the organisation's key of the purpose `envelope`: no key serves two algorithms. Each
 * organisation's are derived once.
 */
export const createStateKeys = (organisationKey: (organisation: string) => KeyObject): StateKeysOf => {
  const known = new Map<string, StateKeys>()
  return (organisation) => {
    const before = known.get(organisation)
    if (before !== undefined) return before
    const key = organisationKey(organisation)
    const keys = {
      sign: derive(key, 'tollgate reasoning state signature'),
      encrypt: derive(key, 'tollgate reasoning state at rest'),
      sessions: derive(key, 'tollgate sessions at rest'),
      answers: derive(key, 'tollgate cached answers'),
      answerNames: derive(key, 'tollgate names of cached answers'),
    }
    known.set(organisation, keys)
    return keys
  }
}

const derive = (key: KeyObject, use: string): KeyObject =>
  createSecretKey(new Uint8Array(hkdfSync('sha256', key, '', use, 32)))
