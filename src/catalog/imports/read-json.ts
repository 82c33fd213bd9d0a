import { GatewayError } from '../../errors.ts'
import { NumberText } from './decimal.ts'

/** What `readJson` gives: numbers are kept as they are spelled. */
export type Json = null | boolean | string | NumberText | readonly Json[] | JsonMembers
export type JsonMembers = ReadonlyMap<string, Json>

const deepest = 32

/**
 * Reads JSON strictly: a name that an object says twice is refused, since readers differ in which of them counts, and
 * numbers stay text, so that no price goes through a float. Throws `prices_invalid` with the line.
 */
export const readJson = (text: string): Json => {
  let at = 0
  const token =
    /[ \t\n\r]*(?:([{}[\]:,])|("[^"\\]*(?:\\.[^"\\]*)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y
  const fail = (problem: string): never => {
    const line = text.slice(0, at).split('\n').length
    throw new GatewayError('prices_invalid', `the prices cannot be read: ${problem} in line ${line}`)
  }
  const next = (): string => {
    token.lastIndex = at
    const found = token.exec(text)
    if (found === null)
      return fail(at >= text.trimEnd().length ? 'the text ends too early' : 'this is no JSON')
    at = token.lastIndex
    return found[1] ?? found[2] ?? found[3] ?? found[4] ?? ''
  }
  const readString = (source: string): string => {
    try {
      return String(JSON.parse(source))
    } catch {
      return fail('a text has an escape that JSON does not know')
    }
  }
  const value = (source: string, depth: number): Json => {
    if (depth > deepest) return fail(`it is nested deeper than ${deepest}`)
    const first = source[0]
    if (first === '{') return members(depth)
    if (first === '[') return items(depth)
    if (first === '"') return readString(source)
    if (source === 'true' || source === 'false') return source === 'true'
    if (source === 'null') return null
    if (first !== undefined && (first === '-' || (first >= '0' && first <= '9')))
      return new NumberText(source)
    return fail(`a "${source}" stands where a value should`)
  }
  const members = (depth: number): JsonMembers => {
    const found = new Map<string, Json>()
    for (let source = next(); source !== '}'; ) {
      if (source[0] !== '"') return fail('a name should stand in quotes')
      const name = readString(source)
      if (found.has(name)) return fail(`"${name.slice(0, 80)}" is said twice`)
      if (next() !== ':') return fail('a colon is missing')
      found.set(name, value(next(), depth + 1))
      source = next()
      if (source === ',') {
        source = next()
        if (source === '}') return fail('a comma is too much')
      } else if (source !== '}') return fail('a comma is missing')
    }
    return found
  }
  const items = (depth: number): readonly Json[] => {
    const found: Json[] = []
    for (let source = next(); source !== ']'; ) {
      found.push(value(source, depth + 1))
      source = next()
      if (source === ',') {
        source = next()
        if (source === ']') return fail('a comma is too much')
      } else if (source !== ']') return fail('a comma is missing')
    }
    return found
  }
  const whole = value(next(), 0)
  if (text.slice(at).trim() !== '') return fail('more follows')
  return whole
}

/** The same as plain values for a schema: whole numbers are numbers, all others stay text. */
export const plainJson = (json: Json): unknown => {
  if (json instanceof NumberText) return /^\d{1,15}$/.test(json.text) ? Number(json.text) : json.text
  if (isMembers(json)) return Object.fromEntries([...json].map(([name, one]) => [name, plainJson(one)]))
  return isItems(json) ? json.map(plainJson) : json
}

export const isMembers = (json: Json | undefined): json is JsonMembers => json instanceof Map

export const isItems = (json: Json | undefined): json is readonly Json[] => Array.isArray(json)
