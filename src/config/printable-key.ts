/**
 * A key that a message may repeat. `{api_key:sk-…}` without the space makes one key of name and secret, so
 * what follows a `:` or `=` is left out, and so is the end of anything long.
 */
export const printableKey = (key: string): string => {
  const [name = ''] = key.split(/(?<=[\w-])[:=]/)
  if (name !== key) return `${shorten(name)}:…`
  return shorten(key)
}

/** Our own names have at most three words; a key's digits and length give it away. */
const shorten = (name: string): string => {
  const short = name.replaceAll(/[^\x20-\x7e\u00a0-\ud7ff]/g, '?')
  const looksSecret =
    /^(?:sk|pk|rk|xai|gsk|key|AIza|tgw)[-_]?\w{6}/.test(short) || (short.length >= 20 && /\d/.test(short))
  if (looksSecret) return `${short.slice(0, 4)}…`
  return short.length > 40 ? `${short.slice(0, 40)}…` : short
}
