/** Tells whether a text matches; made once per pattern by `compileGlob`. */
export type Glob = (text: string) => boolean

/**
 * Compiles a glob: `*` stands for any text (also empty, also with `/`), `?` for one character, everything else
 * for itself, upper and lower case apart. Greedy with one point to return to, so at worst pattern × text steps:
 * no regular expression runs on a foreign text.
 */
export const compileGlob = (pattern: string): Glob => {
  if (pattern === '*') return () => true
  if (!/[*?]/.test(pattern)) return (text) => text === pattern
  return (text) => matches(pattern, text)
}

const matches = (pattern: string, text: string): boolean => {
  let p = 0
  let t = 0
  let star = -1
  let retry = 0
  while (t < text.length) {
    const wanted = pattern[p]
    if (wanted === '*') {
      star = p
      retry = t
      p += 1
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[t])) {
      p += 1
      t += 1
    } else if (star >= 0) {
      p = star + 1
      retry += 1
      t = retry
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}
