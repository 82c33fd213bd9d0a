import { canStart, classBit, isIn } from '../character-classes.ts'
import { entropy } from '../entropy.ts'
import { isPlaceholder } from '../placeholders.ts'
import type { Scanner } from '../rule.ts'

const base64Bit = classBit('base64')
const idBit = classBit('base32')
const reach = 240

/** The 40 characters near an access key id that can only be its secret: the id's own finding is another rule's. */
export const awsSecretNearId: Scanner = (text, start, end, report) => {
  if (!canStart(text, start)) return end
  let idEnd = end
  while (idEnd - end < 17 && isIn(text.charCodeAt(idEnd), idBit)) idEnd++
  if (idEnd - end !== 16) return idEnd
  const after = secretAfter(text, idEnd)
  const secret = after ?? secretBefore(text, start)
  if (secret !== undefined) report(secret, secret + 40)
  return after === undefined ? idEnd : after + 40
}

/** Both walks end at the next id: what lies beyond it belongs to that one. */
const secretAfter = (text: string, from: number): number | undefined => {
  const limit = Math.min(text.length, from + reach)
  let at = from
  while (at < limit) {
    const run = at
    while (isIn(text.charCodeAt(at), base64Bit) && at - run < 80) at++
    if (at - run === 40 && text[at] !== '=' && isAwsSecret(text.slice(run, at))) return run
    if (at - run === 20 && isId(text, run)) return undefined
    if (at === run) at++
  }
  return undefined
}

const secretBefore = (text: string, before: number): number | undefined => {
  const limit = Math.max(0, before - reach)
  let at = before
  while (at > limit) {
    const run = at
    while (isIn(text.charCodeAt(at - 1), base64Bit) && run - at < 80) at--
    if (run - at === 40 && text[run] !== '=' && isAwsSecret(text.slice(at, run))) return at
    if (run - at === 20 && isId(text, at)) return undefined
    if (at === run) at--
  }
  return undefined
}

const isId = (text: string, at: number): boolean => text.startsWith('AKIA', at) || text.startsWith('ASIA', at)

/** Mixed enough for 40 random characters of base64; not a hash, not a path of words. */
export const isAwsSecret = (value: string): boolean =>
  /\d/.test(value) &&
  /[a-z]/.test(value) &&
  /[A-Z]/.test(value) &&
  !/^[0-9a-fA-F]{40}$/.test(value) &&
  entropy(value) >= 4.2 &&
  !isPlaceholder(value)
