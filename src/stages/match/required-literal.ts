import { isExpression } from './name-pattern.ts'

/** A text that every name which fits a pattern holds, and where; undefined where none is known. */
export interface RequiredLiteral {
  readonly text: string
  readonly at: 'whole' | 'start' | 'end' | 'anywhere'
}

/** @param pattern a name, a glob with `*`, or a regular expression between slashes */
export const requiredLiteral = (pattern: string): RequiredLiteral | undefined => {
  if (isExpression(pattern)) {
    const text = longest(literalRuns(pattern.slice(1, -1)))
    return text === '' ? undefined : { text, at: 'anywhere' }
  }
  const pieces = pattern.split('*')
  const [first = ''] = pieces
  const last = pieces.at(-1) ?? ''
  if (pieces.length === 1) return { text: first, at: 'whole' }
  if (first !== '') return { text: first, at: 'start' }
  if (last !== '') return { text: last, at: 'end' }
  const text = longest(pieces)
  return text === '' ? undefined : { text, at: 'anywhere' }
}

const longest = (texts: readonly string[]): string =>
  texts.reduce((best, text) => (text.length > best.length ? text : best), '')

/**
 * Runs of characters that stand for themselves outside of all groups and classes. Careful rather than clever: what is
 * not surely required ends a run, and a choice between alternatives or a flag such as `(?i)` gives none.
 */
const literalRuns = (expression: string): readonly string[] => {
  if (/\(\?(?!:|P?<)|\\Q/.test(expression)) return []
  const runs: string[] = []
  let run = ''
  let depth = 0
  const end = (): void => {
    runs.push(run)
    run = ''
  }
  for (const [token] of expression.matchAll(tokens)) {
    if (token === '(') depth++
    if (token === ')') depth--
    if (token === '|' && depth === 0) return []
    const literal = depth > 0 ? undefined : literalOf(token)
    if (literal !== undefined) run += literal
    else {
      // What is repeated may be absent; what stands before it may not.
      if (/^[*?{]/.test(token)) run = run.slice(0, -1)
      end()
    }
  }
  end()
  return runs
}

/** Escapes, classes and counts are one token each, everything else a character. */
const tokens =
  /\\[pP](?:\{[^}]*\}|.)|\\x(?:\{[^}]*\}|..)|\\\d+|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[\s\S]/g

const literalOf = (token: string): string | undefined => {
  if (/^\\[^\w\s]$/.test(token)) return token.slice(1)
  return /^[\w \-/@:,~=%&!#"'<>;]$/.test(token) ? token : undefined
}
