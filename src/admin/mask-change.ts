/** Names of members that hold a secret, or lead to one. Numbers are never secrets: `inputTokens` stays. */
const secretName =
  /secret|password|passwd|token$|tokens$|api_?keys?$|authorization|cookie|sealed|digest|private|link$|csrf/i

/** Keys and tokens as vendors and the gateway write them, wherever they stand. */
const secretText =
  /\b(?:tgw-(?:sk|admin)-|sk-|sk_|AIza|gsk_|xox[a-z]-|gh[pousr]_|Bearer\s+)[A-Za-z0-9_\-./+=]{8,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g

const masked = '[secret]'

/** A JSON value without what must not be kept. What was masked before, such as `sk-…1234`, stays readable. */
export const maskChange = (value: unknown): unknown => maskMember('', value, 0)

const maskMember = (name: string, value: unknown, depth: number): unknown => {
  if (depth > 20) return '[too deep]'
  if (typeof value === 'string') {
    if (value !== '' && secretName.test(name)) return masked
    return withoutPassword(value).replaceAll(secretText, masked)
  }
  if (Array.isArray(value)) return value.map((item) => maskMember(name, item, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([member, inner]) => [
      member,
      // An object below a secret name holds secrets by other names.
      maskMember(secretName.test(name) ? name : member, inner, depth + 1),
    ]),
  )
}

const withoutPassword = (text: string): string => text.replace(/(:\/\/[^:@/?#\s]*):[^@/\s]*@/g, '$1:***@')

/** The most characters of one side of a change that are kept. */
const longest = 32_000

/** A masked value as JSON text with sorted members, so that equal values are equal texts. Null for nothing. */
export const changeText = (value: unknown): string | null => {
  if (value === undefined || value === null) return null
  const text = JSON.stringify(sorted(maskChange(value)))
  return text.length <= longest
    ? text
    : JSON.stringify({ cut: true, characters: text.length, start: text.slice(0, longest) })
}

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  )
}
