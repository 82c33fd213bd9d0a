/**
 * What keeps secrets out of logs and traces. Two nets: by the field's name, and by the look of the text.
 * Both work on what is written, so a caller who forgets them is covered.
 */

export const secretMark = '[secret]'

/** Longest text that a log field or span attribute may carry, in UTF-16 units. */
export const maximumTextLength = 4096

const exactNames = new Set([
  'key',
  'cookie',
  'setcookie',
  'authorization',
  'proxyauthorization',
  'masterkey',
  'privatekey',
])
const nameEndings = ['apikey', 'token', 'secret', 'password']
const nameLimit = 2048
const knownNames = new Map<string, boolean>()

/** Is a field of this name secret whatever it holds? `x-api-key`, `apiKey`, `admin_token` are; `maxTokens` is not. */
export const isSecretName = (name: string): boolean => {
  const known = knownNames.get(name)
  if (known !== undefined) return known
  const plain = name.toLowerCase().replaceAll(/[-_]/g, '')
  const secret = exactNames.has(plain) || nameEndings.some((ending) => plain.endsWith(ending))
  // Names come from our own code and from header names, which a client chooses: bounded.
  if (knownNames.size < nameLimit) knownNames.set(name, secret)
  return secret
}

/** One cheap look: most texts have none of these and are left alone. With the `i` flag it would take ten times as long. */
const suspicious = /tgw-|TGW-|sk-|gsk_|AIza|earer|EARER|(?:key|token|KEY|TOKEN)=|:\/\//

/** Could the text hold something that `maskSecrets` would mask? Also right for JSON-escaped text. */
export const mayHoldSecret = (text: string): boolean => suspicious.test(text)

// Each pattern is linear: a repeated class is never followed by something that the class itself contains.
const patterns: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/(tgw-(?:sk|admin)-)[\w-]+/gi, `$1${secretMark}`],
  [/(?<![a-z0-9])((?:sk-|gsk_|aiza))[\w-]{8,}/gi, `$1${secretMark}`],
  [/(bearer\s{1,8})[^\s"',;]+/gi, `$1${secretMark}`],
  [/([?&](?:api[-_]?key|key|access_token|token)=)[^&\s"'#]+/gi, `$1${secretMark}`],
  [/(:\/\/[^\s/:@"']{0,128}:)[^\s/@"']+@/g, `$1${secretMark}@`],
]

/** Masks what looks like a key, a bearer token, a key in a URL, or a password in a URL. Linear in the text's length. */
export const maskSecrets = (text: string): string => {
  if (!suspicious.test(text)) return text
  let masked = text
  for (const [pattern, replacement] of patterns) masked = masked.replace(pattern, replacement)
  return masked
}

/**
 * `maskSecrets`, and no longer than `maximumTextLength`. Looked at a little past the cut, so that a secret which
 * straddles it is masked before it is cut. `masking: false` only cuts.
 */
export const safeText = (text: string, masking = true): string => {
  if (text.length <= maximumTextLength) return masking ? maskSecrets(text) : text
  const start = text.slice(0, maximumTextLength + 512)
  const clean = (masking ? maskSecrets(start) : start).slice(0, maximumTextLength)
  return `${clean}… (${text.length} characters)`
}
