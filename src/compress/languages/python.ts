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
  isWordUnit,
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

const codeStops = stopsOf('"\'()[]{}:\n\\#%!$?`')
const doubleStops = stopsOf('"\\\n')
const singleStops = stopsOf("'\\\n")
const tripleDoubleStops = stopsOf('"\\')
const tripleSingleStops = stopsOf("'\\")

/** Python 3, formatted strings of 3.12 and older ones included. Docstrings are strings. */
export const scanPython: Scanner = (code, wantsIndentations) => new PythonScan(code, wantsIndentations).run()

/** In the bracket stack: an expression inside a formatted string, within its text or within a format. */
const inText = -1
const inFormat = -2

interface Formatted {
  readonly quote: number
  readonly isTriple: boolean
  readonly isRaw: boolean
}

class PythonScan {
  /** Padded. */
  readonly #code: string
  readonly #length: number
  readonly #wantsIndentations: boolean
  readonly #comments: Comment[] = []
  readonly #indentations: Indentation[] = []
  readonly #open: number[] = []
  readonly #formatted: Formatted[] = []
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
        this.#position++
        return this.#text(top === inFormat)
      }
      case colon: {
        const top = this.#open.at(-1)
        this.#last = unit
        this.#position++
        return top === inText || top === inFormat ? this.#text(true) : true
      }
      case backslash:
        return this.#continuation()
      case exclamation:
        // Of `!=` or a conversion; else a command of a notebook.
        if (this.#code.charCodeAt(this.#position + 1) !== equals && this.#formatted.length === 0) return false
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
      if (this.#wantsIndentations && this.#formatted.length === 0 && end > start) {
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
    if (this.#open.length > 0 && this.#formatted.length > 0) return false
    const code = this.#code
    const start = this.#position
    const end = lineEnd(code, start)
    const text = code.slice(start, end)
    const isMetadata = this.#isMetadata(text)
    const isKept =
      isMetadata ||
      // Without it the line before would be joined to the one behind.
      this.#isContinued ||
      directives.test(text) ||
      (start < this.#thirdLine && (coding.test(text) || (start === 0 && text.startsWith('#!'))))
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
      this.#position = start + (isTriple ? 3 : 1)
      return this.#text(false)
    }
    const end = isTriple ? tripleEnd(code, start + 3, quote) : stringEnd(code, start + 1, quote)
    if (end < 0) return false
    this.#position = end
    return true
  }

  /**
   * The text of a formatted string, from where its position stands to an expression or to its end; or a format, which
   * ends with its expression.
   */
  #text(isFormat: boolean): boolean {
    const code = this.#code
    const formatted = this.#formatted.at(-1)
    if (formatted === undefined) return false
    const { quote, isTriple, isRaw } = formatted
    for (let at = this.#position; at < code.length; at++) {
      switch (code.charCodeAt(at)) {
        case backslash: {
          const next = code.charCodeAt(at + 1)
          if (next === quote || next === backslash || next === newline) at++
          else if (next === carriageReturn && code.charCodeAt(at + 2) === newline) at += 2
          else if (next === 0x4e && code.charCodeAt(at + 2) === openBrace && !isRaw) {
            const close = code.indexOf('}', at)
            // Names of characters are short.
            if (close < 0 || close - at > 100) return false
            at = close
          }
          break
        }
        case newline:
          if (!isTriple) return false
          break
        case openBrace:
          if (!isFormat && code.charCodeAt(at + 1) === openBrace) at++
          else {
            this.#open.push(isFormat ? inFormat : inText)
            this.#position = at + 1
            return true
          }
          break
        case closeBrace: {
          if (!isFormat) {
            if (code.charCodeAt(at + 1) !== closeBrace) return false
            at++
            break
          }
          this.#position = at + 1
          isFormat = this.#open.pop() === inFormat
          break
        }
        case quote:
          if (isTriple && (code.charCodeAt(at + 1) !== quote || code.charCodeAt(at + 2) !== quote)) break
          if (isFormat) return false
          this.#formatted.pop()
          this.#last = quote
          this.#position = at + (isTriple ? 3 : 1)
          return true
      }
    }
    return false
  }
}

/** `rb`, `F`, … before a quote, in lower case; empty where the word is something else. */
const prefixBefore = (code: string, quote: number): string => {
  let start = quote
  while (start > 0 && quote - start < 4 && isWordUnit(code.charCodeAt(start - 1))) start--
  if (start === quote || quote - start > 3) return ''
  const word = code.slice(start, quote).toLowerCase()
  return prefixes.has(word) ? word : ''
}

const prefixes: ReadonlySet<string> = new Set('r u b f t br rb fr rf tr rt ur'.split(' '))

const stringEnd = (code: string, from: number, quote: number): number => {
  const stops = quote === doubleQuote ? doubleStops : singleStops
  for (let at = stopAt(stops, code, from); at < code.length; at = stopAt(stops, code, at + 1)) {
    const unit = code.charCodeAt(at)
    if (unit === quote) return at + 1
    if (unit === newline) return -1
    if (unit !== backslash) continue
    at++
    if (code.charCodeAt(at) === carriageReturn && code.charCodeAt(at + 1) === newline) at++
  }
  return -1
}

const tripleEnd = (code: string, from: number, quote: number): number => {
  const stops = quote === doubleQuote ? tripleDoubleStops : tripleSingleStops
  for (let at = stopAt(stops, code, from); at < code.length; at = stopAt(stops, code, at + 1)) {
    const unit = code.charCodeAt(at)
    if (unit === backslash) at++
    else if (unit === quote && code.charCodeAt(at + 1) === quote && code.charCodeAt(at + 2) === quote) {
      return at + 3
    }
  }
  return -1
}

const isPassedBlank = (unit: number): boolean => isBlank(unit) || unit === carriageReturn

const isMarginSign = (unit: number): boolean =>
  unit === plus || unit === minus || unit === less || unit === greater || unit === equals

/** Read by type checkers, linters, formatters, coverage, compilers to C, and notebooks (Databricks and Colab too). */
const directives =
  /#\s*(?:type:|noqa\b|no-?qa:|pragma\b|pylint:|mypy:|pyright:|pyre-|pytype:|ty:|fmt:|isort:|yapf:|black:|flake8:|ruff:|nosec\b|nosemgrep|noinspection|cython:|distutils:|doctest:|codespell:|spell-checker:|cspell:|bandit:|coverage:|SPDX-License-Identifier:|NOSONAR\b|MAGIC(?:\s|$)|COMMAND -{10}|DBTITLE\b|Databricks notebook source|@(?:param|title|markdown)\b|%%|In\[)|^#:/

/** PEP 263. */
const coding = /^#.*?coding[:=][ \t]*[-\w.]+/
