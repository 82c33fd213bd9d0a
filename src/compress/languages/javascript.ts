import { keepAsides } from '../asides.ts'
import {
  ampersand,
  asterisk,
  backslash,
  backtick,
  byteOrderMark,
  carriageReturn,
  closeBrace,
  closeBracket,
  closeParenthesis,
  dollar,
  dot,
  doubleQuote,
  equals,
  exclamation,
  greater,
  hash,
  isBlank,
  isWordUnit,
  Kind,
  kindOf,
  less,
  minus,
  newline,
  noBreakSpace,
  openBrace,
  openBracket,
  openParenthesis,
  plus,
  singleQuote,
  slash,
} from '../characters.ts'
import { type Comment, type Indentation, lineEnd, padding, type Scan, type Scanner } from '../scan.ts'
import { isJavascriptDirective, isMarkedDirective } from './javascript-directives.ts'

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

/** What came before, as far as it decides what `/`, `<` and `(` mean. */
const Before = {
  /** A sign, or the beginning: an expression follows. */
  sign: 0,
  /** The end of an expression: what follows divides or compares. */
  operand: 1,
  /** A word that may be a keyword; it is looked at when somebody asks. */
  word: 2,
  /** Of a block or of an object: nobody knows without a parser. */
  brace: 3,
  dot: 4,
} as const
type Before = (typeof Before)[keyof typeof Before]

/** What is open. */
const Open = {
  parenthesis: 0,
  /** `if (`, `for (`, `while (`, `with (`: a statement follows what closes it. */
  condition: 1,
  bracket: 2,
  brace: 3,
  /** `${` of a template. */
  substitution: 4,
  /** `{` of an attribute, and of the children of an element. */
  attribute: 5,
  child: 6,
  element: 7,
} as const

class JavascriptScan {
  /** Padded. */
  readonly #code: string
  readonly #length: number
  readonly #wantsIndentations: boolean
  readonly #hasJsx: boolean
  readonly #hasTypesInComments: boolean
  readonly #comments: Comment[] = []
  readonly #indentations: Indentation[] = []
  readonly #open: number[] = []
  /** Of the open elements. */
  readonly #names: string[] = []
  #position = 0
  #before: Before = Before.sign
  /** Of the last token, and of the last word. */
  #end = 0
  #wordStart = 0
  /** The last word stands behind a dot, and is no keyword. */
  #isMember = false
  #lastClosings: ReadonlyMap<string, number> | undefined

  constructor(code: string, wantsIndentations: boolean, dialect: Dialect) {
    this.#code = code + padding
    this.#length = code.length
    this.#wantsIndentations = wantsIndentations
    this.#hasJsx = dialect.hasJsx
    this.#hasTypesInComments = dialect.hasTypesInComments
  }

  run(): Scan | undefined {
    const code = this.#code
    const length = this.#length
    if (code.includes('\u2028') || code.includes('\u2029')) return undefined
    if (this.#wantsIndentations) this.#noteIndentation()
    if (code.startsWith('#!')) {
      const end = code.indexOf('\n')
      this.#position = end < 0 ? length : end
    }
    while (this.#position < length) {
      const unit = code.charCodeAt(this.#position)
      const kind = kindOf(unit)
      if (kind === Kind.space) {
        this.#position++
        if (unit === newline && this.#wantsIndentations) this.#noteIndentation()
      } else if (kind === Kind.word || unit === dollar) {
        if (unit === noBreakSpace || unit === byteOrderMark) this.#position++
        else this.#word()
      } else if (kind === Kind.digit) this.#number()
      else if (!this.#sign(unit)) return undefined
    }
    if (this.#open.length > 0) return undefined
    this.#keepMarksOfTemplates()
    keepAsides(code, this.#comments)
    return { comments: this.#comments, indentations: this.#indentations }
  }

  #noteIndentation(): void {
    const start = this.#position
    let end = start
    while (isBlank(this.#code.charCodeAt(end))) end++
    if (end > start) this.#indentations.push({ start, end, keep: 0 })
  }

  #word(): void {
    const code = this.#code
    const start = this.#position
    let end = start + 1
    for (; end < this.#length; end++) {
      const unit = code.charCodeAt(end)
      if (!isWordUnit(unit) && unit !== dollar) break
    }
    this.#isMember = this.#before === Before.dot
    this.#wordStart = start
    this.#token(Before.word, end)
  }

  #number(): void {
    const code = this.#code
    let end = this.#position + 1
    for (; end < this.#length; end++) {
      const unit = code.charCodeAt(end)
      if (!isWordUnit(unit) && unit !== dot) break
    }
    this.#token(Before.operand, end)
  }

  #token(before: Before, end: number): true {
    this.#before = before
    this.#position = end
    this.#end = end
    return true
  }

  #sign(unit: number): boolean {
    const code = this.#code
    const position = this.#position
    switch (unit) {
      case slash:
        return this.#slash()
      case doubleQuote:
      case singleQuote: {
        const end = stringEnd(code, position, unit)
        return end >= 0 && this.#token(Before.operand, end)
      }
      case backtick:
        return this.#template(position + 1)
      case openParenthesis:
        this.#open.push(this.#isCondition() ? Open.condition : Open.parenthesis)
        return this.#token(Before.sign, position + 1)
      case openBracket:
        this.#open.push(Open.bracket)
        return this.#token(Before.sign, position + 1)
      case openBrace:
        this.#open.push(Open.brace)
        return this.#token(Before.sign, position + 1)
      case closeParenthesis: {
        const opened = this.#open.pop()
        if (opened !== Open.parenthesis && opened !== Open.condition) return false
        return this.#token(opened === Open.condition ? Before.sign : Before.operand, position + 1)
      }
      case closeBracket:
        return this.#open.pop() === Open.bracket && this.#token(Before.operand, position + 1)
      case closeBrace:
        return this.#closeBrace()
      case dot: {
        // Of three dots each is a sign.
        const isSpread = code.charCodeAt(position + 1) === dot || code.charCodeAt(position - 1) === dot
        return this.#token(isSpread ? Before.sign : Before.dot, position + 1)
      }
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
        if (this.#isAtMargin() && (position === 0 || code.charCodeAt(position + 1) === unit)) return false
        return this.#token(Before.sign, position + 1)
      case hash:
        // Of a private member.
        return isWordUnit(code.charCodeAt(position + 1)) && this.#token(Before.dot, position + 1)
      case backslash:
        return false
      default:
        return this.#token(Before.sign, position + 1)
    }
  }

  #isAtMargin(): boolean {
    return this.#position === 0 || this.#code.charCodeAt(this.#position - 1) === newline
  }

  #isFirstInLine(): boolean {
    return this.#end === 0 || this.#code.slice(this.#end, this.#position).includes('\n')
  }

  #lastWord(): string {
    return this.#isMember ? '' : this.#code.slice(this.#wordStart, this.#end)
  }

  #isCondition(): boolean {
    if (this.#before !== Before.word || this.#isMember) return false
    const size = this.#end - this.#wordStart
    if (size < 2 || size > 5) return false
    const word = this.#lastWord()
    if (word === 'if' || word === 'for' || word === 'while' || word === 'with') return true
    return word === 'await' && isBehindFor(this.#code, this.#wordStart)
  }

  /** May an expression begin here? `undefined`: nobody knows without a parser. */
  #wantsExpression(): boolean | undefined {
    switch (this.#before) {
      case Before.sign:
        return true
      case Before.operand:
      case Before.dot:
        return false
      case Before.brace:
        return undefined
      case Before.word: {
        const word = this.#lastWord()
        return doubtfulWords.has(word) ? undefined : keywords.has(word)
      }
    }
  }

  #slash(): boolean {
    const code = this.#code
    const position = this.#position
    const next = code.charCodeAt(position + 1)
    if (next === slash) return this.#comment(lineEnd(code, position))
    if (next === asterisk) {
      const close = code.indexOf('*/', position + 2)
      return close >= 0 && this.#comment(close + 2)
    }
    const wantsExpression = this.#wantsExpression()
    if (wantsExpression === undefined) return false
    // The end of an element where none can stand.
    if (!wantsExpression) return next !== greater && this.#token(Before.sign, position + 1)
    const end = expressionEnd(code, position)
    return end >= 0 && this.#token(Before.operand, end)
  }

  #comment(end: number): true {
    const start = this.#position
    const top = this.#open.at(-1)
    const isInElement = top === Open.child || top === Open.attribute
    this.#comments.push({ start, end, isKept: isInElement || this.#isDirective(start, end) })
    this.#position = end
    return true
  }

  #isDirective(start: number, end: number): boolean {
    if (this.#nextMark < start) {
      this.#nextMark = this.#code.indexOf('@', start)
      if (this.#nextMark < 0) this.#nextMark = this.#code.length
    }
    if (this.#nextMark >= end) return isJavascriptDirective(this.#code, start, end)
    return (
      isJavascriptDirective(this.#code, start, end) ||
      isMarkedDirective(this.#code, start, end, this.#hasTypesInComments)
    )
  }

  /** Where the next `@` stands. */
  #nextMark = -1

  /** Of TypeScript, behind an expression on the same line: it is not null. */
  #exclamation(): boolean {
    const isBehind =
      this.#code.charCodeAt(this.#position + 1) !== equals &&
      this.#wantsExpression() === false &&
      !this.#isFirstInLine()
    return this.#token(isBehind ? Before.operand : Before.sign, this.#position + 1)
  }

  #plusOrMinus(unit: number): boolean {
    const code = this.#code
    const position = this.#position
    if (this.#isAtMargin()) return false
    if (code.charCodeAt(position + 1) !== unit) return this.#token(Before.sign, position + 1)
    // A comment of the web's early days.
    if (unit === minus && code.charCodeAt(position + 2) === greater && this.#isFirstInLine()) return false
    // `a++` stays the end of an expression, `++a` begins one.
    this.#position = position + 2
    this.#end = this.#position
    if (this.#before === Before.word) {
      this.#before = keywords.has(this.#lastWord()) ? Before.sign : Before.operand
    } else if (this.#before === Before.brace) this.#before = Before.sign
    return true
  }

  #closeBrace(): boolean {
    const end = this.#position + 1
    switch (this.#open.pop()) {
      case Open.brace:
        return this.#token(Before.brace, end)
      case Open.substitution:
        return this.#template(end)
      case Open.attribute:
        this.#position = end
        return this.#attributes()
      case Open.child:
        this.#position = end
        return this.#children()
      default:
        return false
    }
  }

  /** The text of a template, to a substitution or to its end. */
  #template(from: number): boolean {
    const code = this.#code
    for (let at = from; at < code.length; at++) {
      const unit = code.charCodeAt(at)
      if (unit === backslash) at++
      else if (unit === backtick) return this.#token(Before.operand, at + 1)
      else if (unit === dollar && code.charCodeAt(at + 1) === openBrace) {
        this.#open.push(Open.substitution)
        return this.#token(Before.sign, at + 2)
      }
    }
    return false
  }

  #less(): boolean {
    const code = this.#code
    const position = this.#position
    const next = code.charCodeAt(position + 1)
    if (next === slash || next === exclamation) return false
    if (next === less && this.#isAtMargin()) return false
    const wantsExpression = this.#wantsExpression()
    if (wantsExpression !== false) {
      const isElement = this.#beginsElement(position + 1)
      if (isElement === undefined) return false
      if (isElement) return this.#hasJsx && this.#element()
    }
    return this.#token(Before.sign, position + 1)
  }

  /** Is it an element, and not the type parameters of a function? `undefined`: neither. */
  #beginsElement(from: number): boolean | undefined {
    const code = this.#code
    const first = code.charCodeAt(from)
    if (first === greater) return this.#hasJsx || undefined
    if (kindOf(first) !== Kind.word && first !== dollar) return false
    const nameEnd = elementNameEnd(code, from)
    const name = code.slice(from, nameEnd)
    if (name === 'const') return false
    let at = nameEnd
    while (kindOf(code.charCodeAt(at)) === Kind.space) at++
    const next = code.charCodeAt(at)
    if (next === greater) {
      if ((this.#closings().get(name) ?? -1) > at) return true
      // Parameters stand before a list in brackets, or they are a type that something is taken for.
      return this.#hasJsx && code.charCodeAt(at + 1) !== openParenthesis ? undefined : false
    }
    if (!this.#hasJsx) return false
    if (next === slash || next === openBrace || next === less) return true
    if (kindOf(next) !== Kind.word || at >= this.#length) return false
    return !/^extends\s+[^\s=/>]/.test(code.slice(at, at + 100))
  }

  /** Where the last `</name` of each name begins: what is never closed is no element. */
  #closings(): ReadonlyMap<string, number> {
    if (this.#lastClosings === undefined) {
      const code = this.#code
      const found = new Map<string, number>()
      for (let at = code.indexOf('</'); at >= 0; at = code.indexOf('</', at + 2)) {
        let start = at + 2
        while (kindOf(code.charCodeAt(start)) === Kind.space) start++
        found.set(code.slice(start, elementNameEnd(code, start)), at)
      }
      this.#lastClosings = found
    }
    return this.#lastClosings
  }

  #element(): boolean {
    const code = this.#code
    const start = this.#position + 1
    const end = elementNameEnd(code, start)
    this.#names.push(code.slice(start, end))
    this.#open.push(Open.element)
    this.#position = skipSpace(code, end)
    if (code.charCodeAt(this.#position) === less) {
      const close = typeArgumentsEnd(code, this.#position)
      if (close < 0) return false
      this.#position = close
    }
    return this.#attributes()
  }

  /** From within a tag to its end, or to a value in braces. */
  #attributes(): boolean {
    const code = this.#code
    while (this.#position < this.#length) {
      const position = this.#position
      const unit = code.charCodeAt(position)
      switch (unit) {
        case openBrace:
          this.#open.push(Open.attribute)
          return this.#token(Before.sign, position + 1)
        case doubleQuote:
        case singleQuote: {
          const close = code.indexOf(String.fromCharCode(unit), position + 1)
          if (close < 0) return false
          this.#position = close + 1
          break
        }
        case greater:
          this.#position = position + 1
          return this.#children()
        case slash: {
          const next = code.charCodeAt(position + 1)
          if (next === greater) {
            this.#names.pop()
            this.#open.pop()
            this.#position = position + 2
            return this.#behindElement()
          }
          // A comment between attributes stays.
          if (next === slash) this.#position = lineEnd(code, position)
          else if (next === asterisk) {
            const close = code.indexOf('*/', position + 2)
            if (close < 0) return false
            this.#position = close + 2
          } else return false
          break
        }
        case less:
        case closeBrace:
        case openParenthesis:
        case ampersand:
          return false
        default:
          this.#position++
      }
    }
    return false
  }

  /** The text of an element, to the next tag or to an expression. */
  #children(): boolean {
    const code = this.#code
    for (;;) {
      let at = this.#position
      for (; at < this.#length; at++) {
        const unit = code.charCodeAt(at)
        if (unit === less || unit === openBrace) break
        if (unit === closeBrace || unit === greater) return false
      }
      if (at >= this.#length) return false
      if (code.charCodeAt(at) === openBrace) {
        this.#open.push(Open.child)
        return this.#token(Before.sign, at + 1)
      }
      const next = skipSpace(code, at + 1)
      if (code.charCodeAt(next) !== slash) {
        this.#position = at
        const first = code.charCodeAt(at + 1)
        return (kindOf(first) === Kind.word || first === greater || first === dollar) && this.#element()
      }
      const start = skipSpace(code, next + 1)
      const end = elementNameEnd(code, start)
      const close = skipSpace(code, end)
      if (code.charCodeAt(close) !== greater) return false
      if (this.#open.pop() !== Open.element || this.#names.pop() !== code.slice(start, end)) return false
      this.#position = close + 1
      if (this.#open.at(-1) !== Open.element) return this.#token(Before.operand, this.#position)
    }
  }

  #behindElement(): boolean {
    return this.#open.at(-1) === Open.element ? this.#children() : this.#token(Before.operand, this.#position)
  }

  /** A comment right before a template says what language its text is. */
  #keepMarksOfTemplates(): void {
    const code = this.#code
    for (const comment of this.#comments) {
      if (comment.isKept || code.charCodeAt(comment.end - 1) !== slash) continue
      let at = comment.end
      while (isBlank(code.charCodeAt(at))) at++
      if (code.charCodeAt(at) === backtick) comment.isKept = true
    }
  }
}

const stringEnd = (code: string, start: number, quote: number): number => {
  for (let at = start + 1; at < code.length; at++) {
    const unit = code.charCodeAt(at)
    if (unit === quote) return at + 1
    if (unit === newline) return -1
    if (unit !== backslash) continue
    at++
    if (code.charCodeAt(at) === carriageReturn && code.charCodeAt(at + 1) === newline) at++
  }
  return -1
}

/** Of a regular expression, its flags not included. */
const expressionEnd = (code: string, start: number): number => {
  let isInClass = false
  for (let at = start + 1; at < code.length; at++) {
    switch (code.charCodeAt(at)) {
      case newline:
        return -1
      case backslash:
        if (code.charCodeAt(++at) === newline) return -1
        break
      case openBracket:
        isInClass = true
        break
      case closeBracket:
        isInClass = false
        break
      case slash:
        if (!isInClass) return flagsEnd(code, at + 1)
    }
  }
  return -1
}

const flagsEnd = (code: string, start: number): number => {
  let end = start
  while (end < code.length && isWordUnit(code.charCodeAt(end))) end++
  return end
}

const skipSpace = (code: string, start: number): number => {
  let at = start
  while (kindOf(code.charCodeAt(at)) === Kind.space) at++
  return at
}

/** `a.b`, `a:b`, `a-b`. */
const elementNameEnd = (code: string, start: number): number => {
  let end = start
  for (; end < code.length; end++) {
    const unit = code.charCodeAt(end)
    if (!isWordUnit(unit) && unit !== dollar && unit !== minus && unit !== dot && unit !== 0x3a) break
  }
  return end
}

/** Of simple ones: names, and brackets that fit. -1 for all others. */
const typeArgumentsEnd = (code: string, start: number): number => {
  let depth = 0
  for (let at = start; at < code.length; at++) {
    const unit = code.charCodeAt(at)
    if (unit === less) depth++
    else if (unit === greater) {
      if (--depth === 0) return at + 1
    } else if (!isWordUnit(unit) && !argumentSigns.has(unit)) return -1
  }
  return -1
}

const argumentSigns: ReadonlySet<number> = new Set(
  [...' \t\r\n.,|&[]'].map((character) => character.charCodeAt(0)),
)

const isBehindFor = (code: string, start: number): boolean => {
  let end = start
  while (end > 0 && kindOf(code.charCodeAt(end - 1)) === Kind.space) end--
  if (end < 3 || code.slice(end - 3, end) !== 'for') return false
  const before = code.charCodeAt(end - 4)
  return end === 3 || (!isWordUnit(before) && before !== dollar && before !== dot && before !== hash)
}

/** Behind them an expression begins. */
const keywords: ReadonlySet<string> = new Set(
  'return typeof instanceof in new delete void throw case do else default'.split(' '),
)

/** Keywords in some places, names in others. */
const doubtfulWords: ReadonlySet<string> = new Set(['of', 'yield', 'await'])
