import { keepAsides } from '../asides.ts'
import {
  backslash,
  backtick,
  carriageReturn,
  closeBrace,
  closeBracket,
  closeParenthesis,
  colon,
  dollar,
  doubleQuote,
  equals,
  exclamation,
  greater,
  hash,
  isBlank,
  less,
  minus,
  newline,
  openBrace,
  openBracket,
  openParenthesis,
  plus,
  question,
  singleQuote,
} from '../characters.ts'
import { type Comment, type Indentation, lineEnd, padding, type Scan, type Scanner } from '../scan.ts'
import { stopAt, stopsOf } from '../stops.ts'
import { pythonCoding, pythonDirectives } from './python-directives.ts'
import { FormattedStrings, inFormat, inText } from './python-formatted.ts'
import { prefixBefore, tripleEnd } from './python-strings.ts'
import { quotedEnd } from './quoted-end.ts'

const codeStops = stopsOf('"\'()[]{}:\n\\#%!$?`')

/** Python 3, formatted strings of 3.12 and older ones included. Docstrings are strings. */
export const scanPython: Scanner = (code, wantsIndentations) => new PythonScan(code, wantsIndentations).run()

class PythonScan {
  /** Padded. */
  readonly #code: string
  readonly #length: number
  readonly #wantsIndentations: boolean
  readonly #comments: Comment[] = []
  readonly #indentations: Indentation[] = []
  readonly #open: number[] = []
  readonly #formatted: FormattedStrings
  #position = 0
  /** The last unit of code in the logical line, 0 where it has none yet. */
  #last = 0
  /** Of the logical line. */
  #indent = 0
  readonly #levels: number[] = [0]
  /** The line before ends with a backslash. */
  #isContinued = false
  /** The indent of a header whose body has not begun, and the first comment behind it. */
  #header = -1
  #firstInBody = 0
  /** Of a block of metadata (`# /// script`), which is comments from end to end. */
  #isInMetadata = false
  readonly #thirdLine: number

  constructor(code: string, wantsIndentations: boolean) {
    this.#code = code + padding
    this.#formatted = new FormattedStrings(this.#code, this.#open)
    this.#length = code.length
    const second = code.indexOf('\n') + 1
    const third = second === 0 ? 0 : code.indexOf('\n', second) + 1
    this.#thirdLine = third === 0 ? code.length : third
    this.#wantsIndentations = wantsIndentations
  }

  run(): Scan | undefined {
    const code = this.#code
    if (!this.#lineStart()) return undefined
    for (;;) {
      const at = stopAt(codeStops, code, this.#position)
      this.#passed(at)
      if (at >= this.#length) break
      if (!this.#sign(code.charCodeAt(at))) return undefined
    }
    if (this.#open.length > 0 || this.#isContinued) return undefined
    this.#newline()
    this.#keepLonelyBody(-1)
    keepAsides(code, this.#comments)
    return { comments: this.#comments, indentations: this.#indentations }
  }

  /** Words, blanks and signs that nobody asks for stand before this place. */
  #passed(end: number): void {
    const start = this.#position
    let last = end
    while (last > start && isPassedBlank(this.#code.charCodeAt(last - 1))) last--
    if (last > start) this.#last = this.#code.charCodeAt(last - 1)
    this.#position = end
  }

  #sign(unit: number): boolean {
    switch (unit) {
      case newline:
        this.#position++
        if (this.#open.length === 0) this.#newline()
        return this.#lineStart()
      case hash:
        return this.#comment()
      case doubleQuote:
      case singleQuote:
        return this.#string(unit)
      case openParenthesis:
        return this.#push(closeParenthesis)
      case openBracket:
        return this.#push(closeBracket)
      case openBrace:
        return this.#push(closeBrace)
      case closeParenthesis:
      case closeBracket:
        return this.#pop(unit)
      case closeBrace: {
        const top = this.#open.at(-1)
        if (top !== inText && top !== inFormat) return this.#pop(unit)
        this.#open.pop()
        return this.#text(this.#position + 1, top === inFormat)
      }
      case colon: {
        const top = this.#open.at(-1)
        return top === inText || top === inFormat ? this.#text(this.#position + 1, true) : this.#step(unit)
      }
      case backslash:
        return this.#continuation()
      case exclamation:
        // Of `!=` or a conversion; else a command of a notebook.
        if (this.#code.charCodeAt(this.#position + 1) !== equals && !this.#formatted.isOpen()) return false
        return this.#step(unit)
      case 0x25:
        // A command of a notebook.
        return this.#last === 0 && this.#open.length === 0 ? false : this.#step(unit)
      case dollar:
      case question:
      case backtick:
        return false
      default:
        return this.#step(unit)
    }
  }

  #step(unit: number): true {
    this.#last = unit
    this.#position++
    return true
  }

  #push(closer: number): true {
    this.#open.push(closer)
    return this.#step(closer)
  }

  #pop(closer: number): boolean {
    return this.#open.pop() === closer && this.#step(closer)
  }

  /** A line joined to the next one. */
  #continuation(): boolean {
    let next = this.#position + 1
    if (this.#code.charCodeAt(next) === carriageReturn) next++
    if (this.#code.charCodeAt(next) !== newline) return false
    this.#position = next + 1
    this.#isContinued = true
    return this.#lineStart()
  }

  /** The logical line ends. */
  #newline(): void {
    if (this.#last === colon) {
      this.#header = this.#indent
      this.#firstInBody = this.#comments.length
    }
    this.#last = 0
  }

  /** Takes the white space at the beginning of a line. */
  #lineStart(): boolean {
    const code = this.#code
    const start = this.#position
    let end = start
    while (isBlank(code.charCodeAt(end))) end++
    this.#position = end
    const unit = code.charCodeAt(end)
    const isEmpty = unit === newline || unit === carriageReturn || end >= this.#length
    if (unit === hash) return true
    // Diffs, marks of conflicts and prompts begin so.
    if (end === start && isMarginSign(unit)) return false
    const isContinued = this.#isContinued
    this.#isContinued = false
    this.#isInMetadata = false
    if (isEmpty) return !isContinued
    if (this.#open.length > 0 || isContinued) {
      if (this.#wantsIndentations && !this.#formatted.isOpen() && end > start) {
        this.#indentations.push({ start, end, keep: 0 })
      }
      return true
    }
    this.#indent = end - start
    if (this.#header >= 0) {
      this.#keepLonelyBody(this.#indent)
      this.#header = -1
    }
    return !this.#wantsIndentations || this.#level(start, end)
  }

  /** One unit for each level is enough. */
  #level(start: number, end: number): boolean {
    const width = end - start
    const levels = this.#levels
    while (width < (levels.at(-1) ?? 0)) levels.pop()
    if (width > (levels.at(-1) ?? 0)) levels.push(width)
    // Tabs and spaces mixed mean more than their number.
    const first = this.#code.charCodeAt(start)
    for (let at = start + 1; at < end; at++) if (this.#code.charCodeAt(at) !== first) return false
    if (width > 0) {
      this.#unit ??= first
      if (first !== this.#unit) return false
      this.#indentations.push({ start, end, keep: levels.length - 1 })
    }
    return true
  }

  /** What the whole code is indented with. */
  #unit: number | undefined

  /** A header whose body is but comments is no code, or code of which somebody left something out. */
  #keepLonelyBody(indent: number): void {
    if (this.#header < 0 || indent > this.#header) return
    for (const comment of this.#comments.slice(this.#firstInBody)) comment.isKept = true
  }

  #comment(): boolean {
    if (this.#open.length > 0 && this.#formatted.isOpen()) return false
    const code = this.#code
    const start = this.#position
    const end = lineEnd(code, start)
    const text = code.slice(start, end)
    const isMetadata = this.#isMetadata(text)
    const isKept =
      isMetadata ||
      // Without it the line before would be joined to the one behind.
      this.#isContinued ||
      pythonDirectives.test(text) ||
      (start < this.#thirdLine && (pythonCoding.test(text) || (start === 0 && text.startsWith('#!'))))
    this.#isContinued = false
    this.#comments.push({ start, end, isKept })
    this.#position = end
    return true
  }

  #isMetadata(text: string): boolean {
    if (!text.startsWith('# ///')) return this.#isInMetadata
    this.#isInMetadata = text.length > 5 && text.trimEnd() !== '# ///'
    return true
  }

  #string(quote: number): boolean {
    const code = this.#code
    const start = this.#position
    const isTriple = code.charCodeAt(start + 1) === quote && code.charCodeAt(start + 2) === quote
    const prefix = prefixBefore(code, start)
    this.#last = quote
    if (prefix.includes('f') || prefix.includes('t')) {
      this.#formatted.push({ quote, isTriple, isRaw: prefix.includes('r') })
      return this.#text(start + (isTriple ? 3 : 1), false)
    }
    const end = isTriple ? tripleEnd(code, start + 3, quote) : quotedEnd(code, start + 1, quote)
    if (end < 0) return false
    this.#position = end
    return true
  }

  /** The text of a formatted string, to an expression inside or to its end. */
  #text(from: number, isFormat: boolean): boolean {
    const end = this.#formatted.textEnd(from, isFormat)
    if (end < 0) return false
    this.#last = doubleQuote
    this.#position = end
    return true
  }
}

const isPassedBlank = (unit: number): boolean => isBlank(unit) || unit === carriageReturn

const isMarginSign = (unit: number): boolean =>
  unit === plus || unit === minus || unit === less || unit === greater || unit === equals
