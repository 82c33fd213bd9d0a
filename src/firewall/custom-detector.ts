import { RE2JS } from 're2js'
import type { Detector, Finding } from './finding.ts'

/** A detector of the operator's: whole words, or a regular expression that takes linear time. */
export type CustomRule =
  | { readonly id: string; readonly type: string; readonly words: readonly string[] }
  | { readonly id: string; readonly type: string; readonly pattern: string }

/** @throws SyntaxError for a pattern that RE2 does not know */
export const createCustomDetector = (rule: CustomRule): Detector =>
  'words' in rule ? wordDetector(rule) : patternDetector(rule)

const finding = ({ id, type }: CustomRule, start: number, end: number): Finding => ({
  detector: id,
  type,
  rule: id,
  start,
  end,
  confidence: 1,
})

const patternDetector = (rule: Extract<CustomRule, { pattern: string }>): Detector => {
  const expression = RE2JS.compile(rule.pattern)
  return {
    id: rule.id,
    scan(text) {
      const found: Finding[] = []
      const matcher = expression.matcher(text)
      while (matcher.find()) {
        if (matcher.end() > matcher.start()) found.push(finding(rule, matcher.start(), matcher.end()))
      }
      return found
    },
  }
}

/** Words by the first characters that all of them have at least, so that a long list costs one look-up a place. */
const wordDetector = (rule: Extract<CustomRule, { words: readonly string[] }>): Detector => {
  const words = [...new Set(rule.words.map(fold))].filter((word) => word !== '')
  const size = Math.min(4, ...words.map((word) => word.length))
  const byStart = new Map<string, string[]>()
  for (const word of words.sort((a, b) => b.length - a.length)) {
    const start = word.slice(0, size)
    const same = byStart.get(start)
    if (same === undefined) byStart.set(start, [word])
    else same.push(word)
  }
  return {
    id: rule.id,
    scan(text) {
      const folded = fold(text)
      const found: Finding[] = []
      for (let at = 0; at <= folded.length - size; at += 1) {
        if (at > 0 && isWord(folded, at - 1) && isWord(folded, at)) continue
        const word = byStart
          .get(folded.slice(at, at + size))
          ?.find((one) => folded.startsWith(one, at) && endsThere(folded, at + one.length))
        if (word === undefined) continue
        found.push(finding(rule, at, at + word.length))
        at += word.length - 1
      }
      return found
    },
  }
}

/** Lower case, as long as the text: a letter whose small form is longer stays as it is. */
const fold = (text: string): string => {
  const lower = text.toLowerCase()
  if (lower.length === text.length) return lower
  return Array.from(text, (letter) => {
    const small = letter.toLowerCase()
    return small.length === letter.length ? small : letter
  }).join('')
}

const endsThere = (text: string, end: number): boolean => !(isWord(text, end - 1) && isWord(text, end))

/** Scripts without spaces between words have no ends of words either. */
const isWord = (text: string, at: number): boolean => {
  const letter = text[at]
  return (
    letter !== undefined &&
    /[\p{L}\p{N}_]/u.test(letter) &&
    !/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u.test(letter)
  )
}
