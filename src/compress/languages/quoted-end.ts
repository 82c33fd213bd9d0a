import { backslash, carriageReturn, doubleQuote, newline } from '../characters.ts'
import { stopAt, stopsOf } from '../stops.ts'

const doubleStops = stopsOf('"\\\n')
const singleStops = stopsOf("'\\\n")

/**
 * Behind the end of a string of one line, in padded code; a backslash joins it to the next line.
 * @param from behind its first quote
 * @returns -1 where it does not end
 */
export const quotedEnd = (padded: string, from: number, quote: number): number => {
  const stops = quote === doubleQuote ? doubleStops : singleStops
  for (let at = stopAt(stops, padded, from); at < padded.length; at = stopAt(stops, padded, at + 1)) {
    const unit = padded.charCodeAt(at)
    if (unit === quote) return at + 1
    if (unit === newline) return -1
    if (unit !== backslash) continue
    at++
    if (padded.charCodeAt(at) === carriageReturn && padded.charCodeAt(at + 1) === newline) at++
  }
  return -1
}
