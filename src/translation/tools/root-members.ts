import type { JsonText } from '../../ir/index.ts'
import { scanJson } from '../../wire/index.ts'

/** Deeper bodies were refused before they came here. */
const deepest = 1024

/** Source texts of an object's members, in their order: a parse would lose `1.0`, big integers and their order. */
export const rootMembers = (source: JsonText): ReadonlyMap<string, JsonText> => {
  const bytes = Buffer.from(source, 'utf8')
  const { top } = scanJson(bytes, new Set(), deepest)
  return new Map([...top].map(([key, { start, end }]) => [key, bytes.toString('utf8', start, end)]))
}

/** An object of members given by their source texts. */
export const objectSource = (members: Iterable<readonly [string, JsonText]>): JsonText =>
  `{${[...members].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`
