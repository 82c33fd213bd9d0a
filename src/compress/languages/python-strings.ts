import { backslash, doubleQuote, isWordUnit } from '../characters.ts'
import { stopAt, stopsOf } from '../stops.ts'

const tripleDoubleStops = stopsOf('"\\')
const tripleSingleStops = stopsOf("'\\")

/** `rb`, `F`, … before a quote, in lower case; empty where the word is something else. */
export const prefixBefore = (code: string, quote: number): string => {
  let start = quote
  while (start > 0 && quote - start < 4 && isWordUnit(code.charCodeAt(start - 1))) start--
  if (start === quote || quote - start > 3) return ''
  const word = code.slice(start, quote).toLowerCase()
  return prefixes.has(word) ? word : ''
}

const prefixes: ReadonlySet<string> = new Set('r u b f t br rb fr rf tr rt ur'.split(' '))

/** Behind the three quotes that end a string, in padded code; -1 where none do. */
export const tripleEnd = (code: string, from: number, quote: number): number => {
  const stops = quote === doubleQuote ? tripleDoubleStops : tripleSingleStops
  for (let at = stopAt(stops, code, from); at < code.length; at = stopAt(stops, code, at + 1)) {
    const unit = code.charCodeAt(at)
    if (unit === backslash) at++
    else if (unit === quote && code.charCodeAt(at + 1) === quote && code.charCodeAt(at + 2) === quote) {
      return at + 3
    }
  }
  return -1
}
