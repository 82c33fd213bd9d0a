/** JSON source text that is written as it is. */
export class RawJson {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Marks source text to be written verbatim by `writeJson`. */
export const rawJson = (text: string): RawJson => new RawJson(text)

/**
 * `JSON.stringify` that writes `RawJson` nodes verbatim. `undefined` members are left out, as there.
 * Recursion is bounded by the nesting limit of what was read.
 */
export const writeJson = (value: unknown): string => {
  if (value instanceof RawJson) return value.text
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`
  const members: string[] = []
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${writeJson(member)}`)
  }
  return `{${members.join(',')}}`
}
