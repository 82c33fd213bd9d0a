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
  const found = findSecret(text, idEnd, Math.min(text.length, idEnd + reach))
  const secret = found ?? findSecret(text, Math.max(0, start - reach), start)
  if (secret !== undefined) report(secret, secret + 40)
  return found === undefined ? idEnd : found + 40
}

const findSecret = (text: string, from: number, to: number): number | undefined => {
  let at = from
  while (at < to) {
    const run = at
    while (isIn(text.charCodeAt(at), base64Bit) && at - run < 80) at++
    if (at - run === 40 && isAwsSecret(text.slice(run, at)) && text[at] !== '=') return run
    at = at === run ? at + 1 : at
  }
  return undefined
}

/** Mixed enough for 40 random characters of base64; not a hash, not a path of words. */
export const isAwsSecret = (value: string): boolean =>
  /\d/.test(value) &&
  /[a-z]/.test(value) &&
  /[A-Z]/.test(value) &&
  !/^[0-9a-fA-F]{40}$/.test(value) &&
  entropy(value) >= 4.2 &&
  !isPlaceholder(value)
