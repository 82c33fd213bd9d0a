import { keepAsides } from '../asides.ts'
import {
  asterisk,
  backslash,
  backtick,
  closeBrace,
  closeBracket,
  closeParenthesis,
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
  singleQuote,
  slash,
} from '../characters.ts'
import { type Comment, type Indentation, lineEnd, type Scan, type Scanner } from '../scan.ts'
import { stopAt, stopsOf } from '../stops.ts'
import { isJavascriptDirective, isMarkedDirective } from './javascript-directives.ts'
import { JavascriptElements } from './javascript-elements.ts'
import { expressionEnd } from './javascript-ends.ts'
import { Before, JavascriptTokens, Open } from './javascript-tokens.ts'
import { quotedEnd } from './quoted-end.ts'

/** JavaScript with JSX. Its types stand in comments, where it has some. */
export const scanJavascript: Scanner = (code, wantsIndentations) =>
  new JavascriptScan(code, wantsIndentations, { hasJsx: true, hasTypesInComments: true }).run()

/** TypeScript with JSX (`.tsx`). */
export const scanTsx: Scanner = (code, wantsIndentations) =>
  new JavascriptScan(code, wantsIndentations, { hasJsx: true, hasTypesInComments: false }).run()

/** TypeScript without JSX (`.ts`), where `<T>x` is a type. */
export const scanTypescript: Scanner = (code, wantsIndentations) =>
  new JavascriptScan(code, wantsIndentations, { hasJsx: false, hasTypesInComments: false }).run()

interface Dialect {
  readonly hasJsx: boolean
  /** Do checkers read types in comments? */
  readonly hasTypesInComments: boolean
}

/** What all others are is found out when somebody asks. */
const signs = '/"\'`()[]{}!+-<=>#\\'
const codeStops = stopsOf(signs)
const lineStops = stopsOf(`${signs}\n`)
const templateStops = stopsOf('`$\\')

class JavascriptScan {
  readonly #tokens: JavascriptTokens
  readonly #elements: JavascriptElements
  readonly #dialect: Dialect
  readonly #wantsIndentations: boolean
  readonly #comments: Comment[] = []
  readonly #indentations: Indentation[] = []
  /** Where the next `@` stands. */
  #nextMark = -1

  constructor(code: string, wantsIndentations: boolean, dialect: Dialect) {
    this.#tokens = new JavascriptTokens(code)
    this.#elements = new JavascriptElements(this.#tokens, dialect.hasJsx)
    this.#dialect = dialect
    this.#wantsIndentations = wantsIndentations
  }

  run(): Scan | undefined {
    const tokens = this.#tokens
    const { code, length } = tokens
    if (code.includes('\u2028') || code.includes('\u2029')) return undefined
    const stops = this.#wantsIndentations ? lineStops : codeStops
    if (this.#wantsIndentations) this.#noteIndentation()
    if (code.startsWith('#!')) tokens.comment(lineEnd(code, 0))
    for (;;) {
      tokens.position = stopAt(stops, code, tokens.position)
      if (tokens.position >= length) break
      if (!this.#sign(code.charCodeAt(tokens.position))) return undefined
    }
    if (tokens.open.length > 0) return undefined
    this.#keepMarksOfTemplates()
    keepAsides(code, this.#comments)
    return { comments: this.#comments, indentations: this.#indentations }
  }

  #noteIndentation(): void {
    const { code, position } = this.#tokens
    let end = position
    while (isBlank(code.charCodeAt(end))) end++
    if (end > position) this.#indentations.push({ start: position, end, keep: 0 })
  }

  #sign(unit: number): boolean {
    const tokens = this.#tokens
    const { code, open, position } = tokens
    switch (unit) {
      case newline:
        tokens.sign()
        this.#noteIndentation()
        return true
      case slash:
        return this.#slash()
      case doubleQuote:
      case singleQuote: {
        const end = quotedEnd(code, position + 1, unit)
        return end >= 0 && tokens.token(Before.operand, end)
      }
      case backtick:
        return this.#template(position + 1)
      case openParenthesis:
        open.push(tokens.isBehindCondition() ? Open.condition : Open.parenthesis)
        return tokens.token(Before.sign, position + 1)
      case openBracket:
        open.push(Open.bracket)
        return tokens.token(Before.sign, position + 1)
      case openBrace:
        open.push(Open.brace)
        return tokens.token(Before.sign, position + 1)
      case closeParenthesis: {
        const opened = open.pop()
        if (opened !== Open.parenthesis && opened !== Open.condition) return false
        return tokens.token(opened === Open.condition ? Before.sign : Before.operand, position + 1)
      }
      case closeBracket:
        return open.pop() === Open.bracket && tokens.token(Before.operand, position + 1)
      case closeBrace:
        return this.#closeBrace()
      case exclamation:
        return this.#exclamation()
      case plus:
      case minus:
        return this.#plusOrMinus(unit)
      case less:
        return this.#less()
      case equals:
      case greater:
        // Marks of conflicts and quotations begin so; a `>` alone ends the parameters of a type.
        if (tokens.isAtMargin() && (position === 0 || code.charCodeAt(position + 1) === unit)) return false
        return tokens.sign()
      case hash:
        // Of a private member.
        return isWordUnit(code.charCodeAt(position + 1)) && tokens.token(Before.dot, position + 1)
      case backslash:
        return false
      default:
        return tokens.sign()
    }
  }

  #slash(): boolean {
    const tokens = this.#tokens
    const { code, position } = tokens
    const next = code.charCodeAt(position + 1)
    if (next === slash) return this.#comment(lineEnd(code, position))
    if (next === asterisk) {
      const close = code.indexOf('*/', position + 2)
      return close >= 0 && this.#comment(close + 2)
    }
    const wantsExpression = tokens.wantsExpression()
    if (wantsExpression === undefined) return false
    // The end of an element where none can stand.
    if (!wantsExpression) return next !== greater && tokens.token(Before.sign, position + 1)
    const end = expressionEnd(code, position)
    return end >= 0 && tokens.token(Before.operand, end)
  }

  #comment(end: number): true {
    const start = this.#tokens.position
    const top = this.#tokens.open.at(-1)
    const isInElement = top === Open.child || top === Open.attribute
    this.#comments.push({ start, end, isKept: isInElement || this.#isDirective(start, end) })
    this.#tokens.comment(end)
    return true
  }

  #isDirective(start: number, end: number): boolean {
    if (this.#nextMark < start) {
      this.#nextMark = this.#tokens.code.indexOf('@', start)
      if (this.#nextMark < 0) this.#nextMark = this.#tokens.code.length
    }
    if (this.#nextMark >= end) return isJavascriptDirective(this.#tokens.code, start, end)
    return (
      isJavascriptDirective(this.#tokens.code, start, end) ||
      isMarkedDirective(this.#tokens.code, start, end, this.#dialect.hasTypesInComments)
    )
  }

  /** Of TypeScript, behind an expression on the same line: it is not null. */
  #exclamation(): boolean {
    const tokens = this.#tokens
    const { code, position } = tokens
    if (code.charCodeAt(position + 1) === equals) return tokens.sign()
    const isBehind = tokens.wantsExpression() === false && !tokens.isFirstInLine()
    return tokens.token(isBehind ? Before.operand : Before.sign, position + 1)
  }

  #plusOrMinus(unit: number): boolean {
    const tokens = this.#tokens
    const { code, position } = tokens
    if (tokens.isAtMargin()) return false
    if (code.charCodeAt(position + 1) !== unit) return tokens.sign()
    // A comment of the web's early days.
    if (unit === minus && code.charCodeAt(position + 2) === greater && tokens.isFirstInLine()) return false
    return tokens.step()
  }

  #closeBrace(): boolean {
    const tokens = this.#tokens
    const end = tokens.position + 1
    switch (tokens.open.pop()) {
      case Open.brace:
        return tokens.token(Before.brace, end)
      case Open.substitution:
        return this.#template(end)
      case Open.attribute:
        tokens.position = end
        return this.#elements.attributes()
      case Open.child:
        tokens.position = end
        return this.#elements.children()
      default:
        return false
    }
  }

  /** The text of a template, to a substitution or to its end. */
  #template(from: number): boolean {
    const tokens = this.#tokens
    const { code } = tokens
    for (
      let at = stopAt(templateStops, code, from);
      at < code.length;
      at = stopAt(templateStops, code, at + 1)
    ) {
      const unit = code.charCodeAt(at)
      if (unit === backslash) at++
      else if (unit === backtick) return tokens.token(Before.operand, at + 1)
      else if (unit === dollar && code.charCodeAt(at + 1) === openBrace) {
        tokens.open.push(Open.substitution)
        return tokens.token(Before.sign, at + 2)
      }
    }
    return false
  }

  #less(): boolean {
    const tokens = this.#tokens
    const { code, position } = tokens
    const next = code.charCodeAt(position + 1)
    if (next === slash || next === exclamation) return false
    if (next === less && tokens.isAtMargin()) return false
    if (tokens.wantsExpression() !== false) {
      const isElement = this.#elements.begins(position + 1)
      if (isElement === undefined) return false
      if (isElement) return this.#dialect.hasJsx && this.#elements.enter()
    }
    return tokens.token(Before.sign, position + 1)
  }

  /** A comment right before a template says what language its text is. */
  #keepMarksOfTemplates(): void {
    const code = this.#tokens.code
    for (const comment of this.#comments) {
      if (comment.isKept || code.charCodeAt(comment.end - 1) !== slash) continue
      let at = comment.end
      while (isBlank(code.charCodeAt(at))) at++
      if (code.charCodeAt(at) === backtick) comment.isKept = true
    }
  }
}
