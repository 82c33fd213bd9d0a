import { isJsonObject, type JsonObject, type JsonValue } from '../../ir/index.ts'

/**
 * Reads one wire object by its camelCase names. Protocol buffers' JSON form takes snake_case as well, and real
 * clients send it. What was not taken is left over, and the spelling is remembered, so that the object can be
 * written as it was.
 */
export interface ObjectReader {
  /** A member by either spelling, marked as taken. */
  take(name: string): unknown
  string(name: string): string | undefined
  number(name: string): number | undefined
  boolean(name: string): boolean | undefined
  object(name: string): JsonObject | undefined
  /** A list; a single object in its place counts as a list of one. */
  list(name: string): readonly unknown[] | undefined
  strings(name: string): readonly string[] | undefined
  /** Members that nobody took, under the wire's own names, and the `$` notes of this codec. */
  rest(): JsonObject
}

/** Keys of the notes that a reader leaves in an extension; no wire name begins with `$`. */
export const snakeNote = '$snake'
export const singleNote = '$single'

export const readObject = (source: JsonObject): ObjectReader => {
  const taken = new Set<string>()
  const snakes: string[] = []
  const singles: string[] = []

  const keyOf = (name: string): string | undefined => {
    if (Object.hasOwn(source, name)) return name
    const snake = snakeCase(name)
    return Object.hasOwn(source, snake) ? snake : undefined
  }
  const mark = (name: string, key: string): void => {
    taken.add(key)
    if (key !== name) snakes.push(name)
  }
  const takeIf = <T>(name: string, narrow: (value: unknown) => T | undefined): T | undefined => {
    const key = keyOf(name)
    if (key === undefined) return undefined
    const value = narrow(source[key])
    // A member of another type than expected stays in the rest, and so goes back as it came.
    if (value !== undefined) mark(name, key)
    return value
  }

  return {
    take: (name) => takeIf(name, (value) => value),
    string: (name) => takeIf(name, (value) => (typeof value === 'string' ? value : undefined)),
    number: (name) => takeIf(name, asNumber),
    boolean: (name) => takeIf(name, (value) => (typeof value === 'boolean' ? value : undefined)),
    object: (name) => takeIf(name, (value) => (isJsonObject(value) ? value : undefined)),
    list: (name) =>
      takeIf(name, (value) => {
        if (Array.isArray(value)) return value
        if (!isJsonObject(value)) return undefined
        singles.push(name)
        return [value]
      }),
    strings: (name) =>
      takeIf(name, (value) =>
        Array.isArray(value) && value.every((item): item is string => typeof item === 'string')
          ? value
          : undefined,
      ),
    rest() {
      const members: [string, JsonValue | undefined][] = Object.entries(source).filter(
        ([key]) => !taken.has(key),
      )
      if (snakes.length > 0) members.push([snakeNote, snakes])
      if (singles.length > 0) members.push([singleNote, singles])
      // `fromEntries` defines members, so that a key `__proto__` stays an ordinary one.
      return Object.fromEntries(members)
    },
  }
}

/** Protocol buffers' JSON form writes 64-bit numbers as strings. */
export const asNumber = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : undefined
}

/** Spelled once per name: readers ask for the same few names in every chunk of a stream. */
const spelled = new Map<string, string>()

/** @param name one of this codec's own names, never a client's, for the answers are kept */
const snakeCase = (name: string): string => {
  let snake = spelled.get(name)
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    spelled.set(name, snake)
  }
  return snake
}

/**
 * Writes an object back: known members under the spelling that the notes remember, then the rest.
 * Members that are undefined are left out.
 */
export const writeMembers = (
  known: Readonly<Record<string, unknown>>,
  extension: JsonObject,
): Record<string, unknown> => {
  const snakes = new Set(notesOf(extension, snakeNote))
  const singles = new Set(notesOf(extension, singleNote))
  const members: [string, unknown][] = []
  for (const [name, value] of Object.entries(known)) {
    if (value === undefined) continue
    const single = singles.has(name) && Array.isArray(value) && value.length === 1
    members.push([snakes.has(name) ? snakeCase(name) : name, single ? value[0] : value])
  }
  for (const [key, value] of Object.entries(extension)) {
    if (!key.startsWith('$')) members.push([key, value])
  }
  return Object.fromEntries(members)
}

const notesOf = (extension: JsonObject, note: string): readonly string[] => {
  const value = extension[note]
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}
