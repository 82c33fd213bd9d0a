import { backslash, carriageReturn, closeBrace, newline, openBrace } from '../characters.ts'

/** In the bracket stack: an expression inside a formatted string, within its text or within a format. */
export const inText = -1
export const inFormat = -2

interface Formatted {
  readonly quote: number
  readonly isTriple: boolean
  readonly isRaw: boolean
}

/** The formatted strings that are open in each other. */
export class FormattedStrings {
  /** Padded. */
  readonly #code: string
  /** The stack of brackets, for the expressions inside. */
  readonly #open: number[]
  readonly #strings: Formatted[] = []

  constructor(code: string, open: number[]) {
    this.#code = code
    this.#open = open
  }

  isOpen(): boolean {
    return this.#strings.length > 0
  }

  push(formatted: Formatted): void {
    this.#strings.push(formatted)
  }

  /**
   * Behind the text of the innermost string from here on: where an expression begins, or behind the string. The text of
   * a format ends with its expression.
   * @returns -1 where anything is doubtful
   */
  textEnd(from: number, isFormat: boolean): number {
    const code = this.#code
    let isInFormat = isFormat
    const formatted = this.#strings.at(-1)
    if (formatted === undefined) return -1
    const { quote, isTriple, isRaw } = formatted
    for (let at = from; at < code.length; at++) {
      switch (code.charCodeAt(at)) {
        case backslash: {
          const next = code.charCodeAt(at + 1)
          if (next === quote || next === backslash || next === newline) at++
          else if (next === carriageReturn && code.charCodeAt(at + 2) === newline) at += 2
          else if (next === 0x4e && code.charCodeAt(at + 2) === openBrace && !isRaw) {
            const close = code.indexOf('}', at)
            // Names of characters are short.
            if (close < 0 || close - at > 100) return -1
            at = close
          }
          break
        }
        case newline:
          if (!isTriple) return -1
          break
        case openBrace:
          if (!isInFormat && code.charCodeAt(at + 1) === openBrace) at++
          else {
            this.#open.push(isInFormat ? inFormat : inText)
            return at + 1
          }
          break
        case closeBrace: {
          if (!isInFormat) {
            if (code.charCodeAt(at + 1) !== closeBrace) return -1
            at++
            break
          }
          isInFormat = this.#open.pop() === inFormat
          break
        }
        case quote:
          if (isTriple && (code.charCodeAt(at + 1) !== quote || code.charCodeAt(at + 2) !== quote)) break
          if (isInFormat) return -1
          this.#strings.pop()
          return at + (isTriple ? 3 : 1)
      }
    }
    return -1
  }
}
