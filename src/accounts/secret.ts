import { inspect } from 'node:util'

const redacted = '[secret]'

/** A text that must not reach a log, an error or JSON by accident: every implicit conversion redacts it. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself. Call it where the secret is used, and nowhere else. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return redacted
  }

  toJSON(): string {
    return redacted
  }

  [Symbol.toPrimitive](): string {
    return redacted
  }

  [inspect.custom](): string {
    return redacted
  }
}

/**
 * What may be displayed of a secret, e.g. `sk-…1234`. A text below 20 characters shows nothing of itself, since
 * its end would be a good part of it.
 */
export const mask = (text: string): string => {
  if (text.length < 20) return '…'
  const vendor = /^[A-Za-z]{1,5}[-_]/.exec(text)?.[0] ?? ''
  return `${vendor}…${text.slice(-4)}`
}
