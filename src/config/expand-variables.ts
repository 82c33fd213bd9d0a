/**
 * `${NAME}` and `${NAME:-default}` in the strings of a file; `$${` stands for `${`.
 *
 * In a YAML flow map (`{ api_key: ${KEY} }`) braces and commas end a plain value, so the references are hidden
 * before the YAML is parsed: each of their characters becomes one private-use character, which keeps every
 * line and column as it was.
 */

export interface HiddenReferences {
  /** The text for the YAML parser: as long as the original, without reference syntax. */
  readonly text: string
  /** Gives a scalar's text its references back. */
  readonly reveal: (scalar: string) => string
}

/** Without quotes, commas and spaces but in the default, so that a lone `${` takes nothing with it. */
const reference = /\$\$?\{(?:[^{}\s"',:]*|\w+:-[^{}\r\n]*)\}/g

export const hideReferences = (text: string): HiddenReferences => {
  const base = freeBlock(text)
  if (base === undefined) return { text, reveal: (scalar) => scalar }
  const hidden = text.replaceAll(reference, (found) =>
    mapAscii(found, (code) => (code < 128 ? code + base : code)),
  )
  return {
    text: hidden,
    reveal: (scalar) => mapAscii(scalar, (code) => (code >= base && code < base + 128 ? code - base : code)),
  }
}

export type Expansion =
  | { readonly type: 'plain'; readonly text: string }
  | { readonly type: 'expanded'; readonly text: string }
  | { readonly type: 'undefined'; readonly names: readonly string[] }
  | { readonly type: 'malformed' }

const token = /\$\$\{|\$\{([^{}]*)\}|\$\{/g
const body = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/

/**
 * `plain` where the text has no reference (an escape is resolved), `expanded` otherwise. As in a shell, the
 * default of `${NAME:-default}` also stands in for an empty variable; a bare `${NAME}` may be empty.
 */
export const expandVariables = (
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): Expansion => {
  if (!text.includes('${')) return { type: 'plain', text }
  const missing: string[] = []
  let malformed = false
  let expanded = false
  const result = text.replaceAll(token, (whole: string, inner: string | undefined) => {
    if (whole === '$${') return '${'
    const [, name, fallback] = body.exec(inner ?? '') ?? []
    if (name === undefined) {
      malformed = true
      return ''
    }
    expanded = true
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
    if (value === undefined) missing.push(name)
    return value ?? ''
  })
  if (malformed) return { type: 'malformed' }
  if (missing.length > 0) return { type: 'undefined', names: missing }
  return { type: expanded ? 'expanded' : 'plain', text: result }
}

const mapAscii = (text: string, map: (code: number) => number): string => {
  let result = ''
  for (let index = 0; index < text.length; index += 1) {
    result += String.fromCharCode(map(text.charCodeAt(index)))
  }
  return result
}

/** A block of 128 private-use characters (U+E000–U+F8FF) that the text does not use. */
const freeBlock = (text: string): number | undefined => {
  const used = new Set<number>()
  for (const character of text.match(/[\uE000-\uF8FF]/g) ?? []) used.add(character.charCodeAt(0) & ~127)
  for (let block = 0xe000; block < 0xf880; block += 128) if (!used.has(block)) return block
  return undefined
}
