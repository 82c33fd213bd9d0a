/**
 * Code that is quoted with the numbers of its lines (`12: `, `12 | `, `12→`): somebody is going to speak of lines. Told
 * by its first two lines.
 */
export const isListing = (code: string): boolean => {
  let numbered = 0
  for (let line = 0; line < code.length; ) {
    const newline = code.indexOf('\n', line)
    const end = newline < 0 ? code.length : newline
    const head = code.slice(line, Math.min(end, line + 40))
    if (head.trim() !== '') {
      if (!lineNumber.test(head)) return false
      if (++numbered === 2) return true
    }
    line = end + 1
  }
  return numbered > 0
}

const lineNumber = /^\s*\d{1,7}(?:\s*[:|\u2192\u2502\u2503\u00a6-]|\t|[.)]\s|\s+\S)/
