/** Deeper arguments are compared as they are written. */
const deepest = 100

/**
 * One spelling for JSON that says the same: keys sorted, strings with their shortest escapes, numbers by their digits
 * (`1.0` and `1e0` are `1`, and no digit of a long one is lost), no spaces. Text that is no JSON stays as it is.
 */
export const canonicalJson = (source: string): string => {
  try {
    JSON.parse(source)
  } catch {
    return source
  }
  return new Reader(source).read() ?? source.trim()
}

/** Reads text that is known to be JSON. */
class Reader {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  /** Undefined: nested too deeply. */
  read(depth = 0): string | undefined {
    this.#skipSpace()
    switch (this.#source[this.#at]) {
      case '{':
        return depth < deepest ? this.#object(depth + 1) : undefined
      case '[':
        return depth < deepest ? this.#array(depth + 1) : undefined
      case '"':
        return this.#string()
      default:
        return this.#scalar()
    }
  }

  #object(depth: number): string | undefined {
    const members = new Map<string, string>()
    while (this.#next('}')) {
      const key = this.#string()
      this.#skipSpace()
      this.#at++
      const value = this.read(depth)
      if (value === undefined) return undefined
      members.set(key, value)
    }
    const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${sorted.map(([key, value]) => `${key}:${value}`).join(',')}}`
  }

  #array(depth: number): string | undefined {
    const items: string[] = []
    while (this.#next(']')) {
      const item = this.read(depth)
      if (item === undefined) return undefined
      items.push(item)
    }
    return `[${items.join(',')}]`
  }

  /** Steps over the bracket or comma before the next item; false at the closing bracket. */
  #next(closing: string): boolean {
    this.#skipSpace()
    if (this.#source[this.#at] !== closing) this.#at++
    this.#skipSpace()
    if (this.#source[this.#at] !== closing) return true
    this.#at++
    return false
  }

  #string(): string {
    const start = this.#at++
    while (this.#source[this.#at] !== '"') this.#at += this.#source[this.#at] === '\\' ? 2 : 1
    this.#at++
    return JSON.stringify(JSON.parse(this.#source.slice(start, this.#at)))
  }

  #scalar(): string {
    const start = this.#at
    while (/[-+.\w]/.test(this.#source[this.#at] ?? '')) this.#at++
    const word = this.#source.slice(start, this.#at)
    return /^[a-z]/.test(word) ? word : canonicalNumber(word)
  }

  #skipSpace(): void {
    while (this.#source.charCodeAt(this.#at) <= 0x20) this.#at++
  }
}

/** Digits without zeros at their ends, and the power of ten of the last one. */
const canonicalNumber = (written: string): string => {
  const [mantissa = '', exponent = '0'] = written.toLowerCase().split('e')
  const sign = mantissa.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = mantissa.slice(sign.length).split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end--
  if (end === 0) return '0'
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - end)
  return power === 0n ? sign + digits.slice(0, end) : `${sign}${digits.slice(0, end)}e${power}`
}
