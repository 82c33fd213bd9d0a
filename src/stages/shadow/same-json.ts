/**
 * Do two texts say the same JSON value? The order of members does not count, nor how a number is written; numbers that
 * a double cannot hold are compared by their digits. Texts that are not JSON are the same where they are equal.
 */
export const sameJson = (one: string, other: string): boolean =>
  one === other || canonicalJson(one) === canonicalJson(other)

/** One spelling for each JSON value. What is no JSON, or nests too deep to be walked, keeps its own. */
export const canonicalJson = (text: string): string => {
  try {
    return spell(JSON.parse(text, keepDigits))
  } catch {
    return `text ${text}`
  }
}

/** A whole number beyond 2⁵³, as it was written. */
class Digits {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

const keepDigits = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
    ? new Digits(context?.source ?? '')
    : value

const spell = (value: unknown): string => {
  if (value instanceof Digits) return value.source
  if (Array.isArray(value)) return `[${value.map(spell).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(Object.is(value, -0) ? 0 : value)
  const members = Object.entries(value).sort(([first], [second]) => (first < second ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${spell(member)}`).join(',')}}`
}
