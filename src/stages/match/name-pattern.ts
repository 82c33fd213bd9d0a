import { RE2JS } from 're2js'
import { globTest } from '../../ir/index.ts'

/**
 * A test for model names: an exact name, a glob with `*`, or a regular expression between slashes that may fit
 * anywhere in the name. Expressions run in linear time, whatever the name.
 * @throws Error with the reason where an expression does not compile
 */
export const namePattern = (pattern: string): ((name: string) => boolean) => {
  if (!isExpression(pattern)) return globTest(pattern)
  const expression = RE2JS.compile(pattern.slice(1, -1))
  return (name) => name.length <= longestName && expression.matcher(name).find()
}

export const isExpression = (pattern: string): boolean =>
  pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/')

/** Why a pattern is none; undefined where it is one. */
export const patternProblem = (pattern: string): string | undefined => {
  try {
    namePattern(pattern)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'does not compile'
  }
}

/** Names come from clients; none is longer. */
const longestName = 512

/** Does the pattern fit one name alone? */
export const isExactName = (pattern: string): boolean => !pattern.includes('*') && !pattern.startsWith('/')
