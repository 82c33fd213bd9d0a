import { isSecretName, maximumTextLength, mayHoldSecret, safeText, secretMark } from './redact.ts'

export type LogFields = Readonly<Record<string, unknown>>

const maximumDepth = 6
const maximumItems = 100
const maximumNodes = 1000
/** Characters of all names and texts of a line; a single long one is cut in redact.ts. */
const maximumLine = 32 * 1024

/** `,"name":value` for each field, secrets masked, never throwing. Appended to the fixed head of a line. */
export const serialiseFields = (fields: LogFields): string => {
  const plain = arePlain(fields)
    ? withoutBraces(JSON.stringify(fields))
    : new FieldWriter(false).fields(fields)
  return mayHoldSecret(plain) ? new FieldWriter(true).fields(fields) : plain
}

/** Nothing that needs a look of its own: then the native writer does the whole line, four times as fast. */
const arePlain = (fields: LogFields): boolean => {
  try {
    for (const name in fields)
      if (!isPlain(fields[name]) || reserved(name) || isSecretName(name)) return false
    return !('toJSON' in fields)
  } catch {
    return false
  }
}

const isPlain = (value: unknown): boolean => {
  switch (typeof value) {
    case 'string':
      return value.length <= maximumTextLength
    case 'number':
      return Number.isFinite(value)
    case 'boolean':
    case 'undefined':
      return true
    default:
      return value === null
  }
}

const withoutBraces = (json: string): string => (json === '{}' ? '' : `,${json.slice(1, -1)}`)

/** A text as JSON, secrets masked and bounded in length. */
export const serialiseText = (text: string): string => JSON.stringify(safeText(text))

/** Names that the head of a line uses already; a field of that name would make a second member. */
const reserved = (name: string): boolean =>
  name === 'level' || name === 'time' || name === 'pid' || name === 'msg'

/** Writes one line's values. It counts nodes and characters, so that a huge or cyclic value ends. */
class FieldWriter {
  private nodes = 0
  private characters = 0

  constructor(private readonly masking: boolean) {}

  fields(fields: LogFields): string {
    let out = ''
    for (const name in fields) {
      const written = this.member(name, fields, 0)
      if (written !== undefined) out += `,${this.text(reserved(name) ? `${name}_` : name)}:${written}`
    }
    return out
  }

  text(text: string): string {
    this.characters += Math.min(text.length, maximumTextLength)
    return this.exhausted() ? '"[…]"' : JSON.stringify(safeText(text, this.masking))
  }

  private member(name: string, holder: object, depth: number): string | undefined {
    try {
      const value: unknown = Reflect.get(holder, name)
      if (value === undefined || typeof value === 'function') return undefined
      return isSecretName(name) && value !== null ? `"${secretMark}"` : this.value(value, depth)
    } catch {
      return '"[unreadable]"'
    }
  }

  private value(value: unknown, depth: number): string | undefined {
    switch (typeof value) {
      case 'string':
        return this.text(value)
      case 'number':
        return Number.isFinite(value) ? `${value}` : `"${value}"`
      case 'boolean':
        return `${value}`
      case 'bigint':
        return `"${value}"`
      case 'object':
        return value === null ? 'null' : this.object(value, depth)
      default:
        return undefined
    }
  }

  private object(value: object, depth: number): string | undefined {
    this.nodes += 1
    if (depth >= maximumDepth || this.exhausted()) return '"[…]"'
    if (value instanceof Error) return this.record(errorFields(value), depth)
    if (ArrayBuffer.isView(value)) return `"[${value.byteLength} bytes]"`
    if (value instanceof ArrayBuffer) return `"[${value.byteLength} bytes]"`
    if (Array.isArray(value)) return this.list(value, depth)
    if (value instanceof Map || value instanceof Headers) return this.record(Object.fromEntries(value), depth)
    if (value instanceof Set) return this.list([...value], depth)
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.value(value.toJSON(), depth + 1)
    return this.record(value, depth)
  }

  private list(items: readonly unknown[], depth: number): string {
    const shown: string[] = []
    for (const item of items) {
      if (shown.length >= maximumItems || this.exhausted()) break
      shown.push(this.value(item, depth + 1) ?? 'null')
    }
    if (items.length > shown.length) shown.push(`"… (${items.length} items)"`)
    return `[${shown.join(',')}]`
  }

  private record(holder: object, depth: number): string {
    const members: string[] = []
    for (const name of Object.keys(holder)) {
      if (members.length >= maximumItems || this.exhausted()) break
      const written = this.member(name, holder, depth + 1)
      if (written !== undefined) members.push(`${this.text(name)}:${written}`)
    }
    return `{${members.join(',')}}`
  }

  private exhausted(): boolean {
    return this.nodes > maximumNodes || this.characters > maximumLine
  }
}

/**
 * An error without what it may quote: a parser's message repeats what it read, which may be a prompt, and a
 * stack repeats the message.
 */
const errorFields = (error: Error): LogFields => ({
  type: error.name,
  message: error instanceof SyntaxError ? '[a parser message is not logged]' : error.message,
  ...('code' in error ? { code: error.code } : {}),
  stack: frames(error.stack),
  ...(error.cause === undefined ? {} : { cause: error.cause }),
})

const frames = (stack: string | undefined): string | undefined => {
  const lines = stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
  return lines === undefined || lines.length === 0 ? undefined : lines.slice(0, 20).join('\n')
}
