import { keepAsides } from '../asides.ts'
import {
  asterisk,
  at,
  backslash,
  backtick,
  carriageReturn,
  closeBrace,
  closeBracket,
  closeParenthesis,
  dollar,
  doubleQuote,
  equals,
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
  slash,
  space,
  tab,
} from '../characters.ts'
import { type Comment, type Indentation, lineEnd, padding, type Scanner } from '../scan.ts'
import { type Stops, stopAt, stopsOf } from '../stops.ts'

const signs = '/"\'`()[]{}+-=<>\\#$?@'
const codeStops = stopsOf(signs)
const lineStops = stopsOf(`${signs}\n`)
const stringStops = stopsOf('"\\\n')
const runeStops = stopsOf("'\\\n")

/** Go: strings, raw strings, runes, and two kinds of comments. */
export const scanGo: Scanner = (source, wantsIndentations) => {
  const code = source + padding
  const comments: Comment[] = []
  const indentations: Indentation[] = []
  const open: number[] = []
  const length = source.length
  /** Behind the last `"C"`: what stands before it may be code for cgo. */
  let foreign = 0
  const stops = wantsIndentations ? lineStops : codeStops
  if (wantsIndentations) noteIndentation(code, 0, indentations)
  for (let position = stopAt(stops, code, 0); position < length; position = stopAt(stops, code, position)) {
    const unit = code.charCodeAt(position)
    switch (unit) {
      case slash: {
        const next = code.charCodeAt(position + 1)
        if (next === slash) {
          const end = lineEnd(code, position)
          comments.push({ start: position, end, isKept: isDirective(code, position, end) })
          position = end
        } else if (next === asterisk) {
          const close = code.indexOf('*/', position + 2)
          if (close < 0) return undefined
          comments.push({ start: position, end: close + 2, isKept: isBlockDirective(code, position, close) })
          position = close + 2
        } else position++
        break
      }
      case doubleQuote: {
        const end = quotedEnd(code, position, doubleQuote, stringStops)
        if (end < 0) return undefined
        if (end - position === 3 && code.charCodeAt(position + 1) === 0x43) foreign = end
        position = end
        break
      }
      case singleQuote: {
        const end = quotedEnd(code, position, singleQuote, runeStops)
        // Longer than the longest rune, `'\U00101234'`: no Go.
        if (end < 0 || end - position > 12) return undefined
        position = end
        break
      }
      case backtick: {
        const close = code.indexOf('`', position + 1)
        if (close < 0) return undefined
        if (close - position === 2 && code.charCodeAt(position + 1) === 0x43) foreign = close + 1
        position = close + 1
        break
      }
      case openParenthesis:
        open.push(closeParenthesis)
        position++
        break
      case openBracket:
        open.push(closeBracket)
        position++
        break
      case openBrace:
        open.push(closeBrace)
        position++
        break
      case closeParenthesis:
      case closeBracket:
      case closeBrace:
        if (open.pop() !== unit) return undefined
        position++
        break
      case newline:
        position++
        noteIndentation(code, position, indentations)
        break
      case plus:
      case minus:
      case equals:
      case less:
      case greater:
        // Diffs and marks of conflicts begin so, formatted code does not.
        if (position === 0 || code.charCodeAt(position - 1) === newline) return undefined
        position++
        break
      case backslash:
      case hash:
      case dollar:
      case question:
      case at:
        return undefined
      default:
        position++
    }
  }
  if (open.length > 0) return undefined
  for (const comment of comments) if (comment.start < foreign) comment.isKept = true
  keepWholeComments(code, comments)
  keepAsides(code, comments)
  return {
    comments,
    indentations: wantsIndentations ? [...indentations, ...beforeComments(code, comments)] : [],
  }
}

/** The beginnings of lines of code before which a comment goes: they are those of lines without it. */
const beforeComments = (code: string, comments: readonly Comment[]): readonly Indentation[] => {
  const found: Indentation[] = []
  for (let at = 0; at < comments.length; at++) {
    const { start, isKept } = comments[at] ?? { start: 0, isKept: true }
    let margin = start
    while (isBlank(code.charCodeAt(margin - 1))) margin--
    if (isKept || margin === start || (margin > 0 && code.charCodeAt(margin - 1) !== newline)) continue
    let end = start
    for (
      let next = comments[at];
      next !== undefined && next.start === end && !next.isKept;
      next = comments[++at]
    ) {
      end = next.end
      while (isBlank(code.charCodeAt(end))) end++
    }
    at--
    const unit = code.charCodeAt(end)
    const goesWhole = end >= code.length - padding.length || unit === newline || unit === carriageReturn
    if (!goesWhole && unit !== slash) found.push({ start: margin, end: start, keep: 0 })
  }
  return found
}

const quotedEnd = (code: string, start: number, quote: number, stops: Stops): number => {
  for (let at = stopAt(stops, code, start + 1); at < code.length; at = stopAt(stops, code, at + 1)) {
    const unit = code.charCodeAt(at)
    if (unit === quote) return at + 1
    if (unit === backslash) at++
    if (code.charCodeAt(at) === newline) return -1
  }
  return -1
}

const noteIndentation = (code: string, start: number, into: Indentation[]): void => {
  let end = start
  while (isBlank(code.charCodeAt(end))) end++
  // At the margin a comment may mean something: `//line`.
  if (end > start && code.charCodeAt(end) !== slash) into.push({ start, end, keep: 0 })
}

/**
 * `//go:embed` and all others of the form `//word:word`, `//line`, `//export`, `//extern`, `// +build` and other markers
 * with a plus (kubebuilder, generators of Kubernetes), annotations of swag (`// @Router`) and go-swagger, `//nolint` with
 * its relatives, and the mark of generated files.
 */
const directives =
  /^\/\/(?:go:|[a-z0-9]+:[a-z0-9]|line |export |extern |sys(?:nb)? |\s*[+@][a-zA-Z]|\s*(?:swagger:|nolint|lint:|exhaustive:|revive:|gosec\b|#nosec|nosec|coverage:|SPDX-License-Identifier:|Code generated ))/

const isDirective = (code: string, start: number, end: number): boolean => {
  const first = code.charCodeAt(start + 2)
  // Most comments are a blank and a capital: they are told apart without a slice.
  if (first === space || first === tab) {
    let at = start + 3
    while (isBlank(code.charCodeAt(at))) at++
    if (!directiveUnits.has(code.charCodeAt(at))) return false
  }
  return directives.test(code.slice(start, Math.min(end, start + 100)))
}

/** What directives with a blank before them begin with. */
const directiveUnits: ReadonlySet<number> = new Set(
  [...'+@snlergc#SC'].map((character) => character.charCodeAt(0)),
)

const isBlockDirective = (code: string, start: number, close: number): boolean => {
  const text = code.slice(start, close)
  return blockDirectives.test(text) || swaggerLine.test(text)
}

const blockDirectives = /^\/\*(?:line |\s*(?:#nosec|nosec|SPDX-License-Identifier:))/
const swaggerLine = /^[ \t/*]*swagger:[a-z]/m

const wholeComments = /^\/\/\s*(?:(?:unordered )?output:|swagger:[a-z])/i

/**
 * What an example prints is compared with its last comment, and go-swagger reads whole comments, whichever of their lines
 * has its mark: what stands in such a comment stays, all of it.
 */
const keepWholeComments = (code: string, comments: readonly Comment[]): void => {
  let first = 0
  while (first < comments.length) {
    let last = first
    let isWhole = false
    for (;;) {
      const comment = comments[last]
      if (comment === undefined) break
      isWhole ||= isWholeAt(code, comment)
      const next = comments[last + 1]
      if (next === undefined || !isNextLine(code, comment.end, next.start)) break
      last++
    }
    if (isWhole) for (const comment of comments.slice(first, last + 1)) comment.isKept = true
    first = last + 1
  }
}

const isWholeAt = (code: string, { start, end }: Comment): boolean => {
  // `o`, `u`, `s`, a space or a tab: most comments are told apart without a slice.
  const unit = code.charCodeAt(start + (code.charCodeAt(start + 2) === 0x20 ? 3 : 2)) | 0x20
  return (
    (unit === 0x6f || unit === 0x75 || unit === 0x73 || unit === 0x20 || unit === 0x29) &&
    wholeComments.test(code.slice(start, end))
  )
}

const isNextLine = (code: string, end: number, start: number): boolean => {
  let lines = 0
  for (let position = end; position < start; position++) {
    const unit = code.charCodeAt(position)
    if (unit === newline) {
      if (++lines > 1) return false
    } else if (unit !== 0x0d && !isBlank(unit)) return false
  }
  return lines === 1
}
