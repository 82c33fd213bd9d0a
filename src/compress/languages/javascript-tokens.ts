import {
  byteOrderMark,
  dollar,
  dot,
  hash,
  isWordUnit,
  Kind,
  kindOf,
  newline,
  noBreakSpace,
} from '../characters.ts'
import { padding } from '../scan.ts'
import { stopAt, stopsOf } from '../stops.ts'

/** What came before, as far as it decides what `/`, `<` and `(` mean. */
export const Before = {
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
export type Before = (typeof Before)[keyof typeof Before]

/** What is open. */
export const Open = {
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

/**
 * Where a scanner of JavaScript stands, what is open there, and what came before: as far as somebody asks, since most
 * words, numbers and signs decide nothing.
 */
export class JavascriptTokens {
  /** Padded. */
  readonly code: string
  readonly length: number
  readonly open: number[] = []
  position = 0
  /** Up to here is known what came before. */
  #known = 0
  #before: Before = Before.sign
  /** Of the last token that is known, and of the last word. */
  #end = 0
  #wordStart = 0
  /** The last word stands behind a dot, and is no keyword. */
  #isMember = false

  constructor(code: string) {
    this.code = code + padding
    this.length = code.length
  }

  /** A token that says what comes before the next one, whatever came before itself. */
  token(before: Before, end: number): true {
    this.#before = before
    this.position = end
    this.#end = end
    this.#known = end
    return true
  }

  /** Passes a comment, which is no token. */
  comment(end: number): void {
    this.#read()
    this.position = end
    this.#known = end
  }

  /** Passes a sign that is read when somebody asks. */
  sign(): true {
    this.position++
    return true
  }

  isAtMargin(): boolean {
    return this.position === 0 || this.code.charCodeAt(this.position - 1) === newline
  }

  isFirstInLine(): boolean {
    this.#read()
    return this.#end === 0 || this.code.slice(this.#end, this.position).includes('\n')
  }

  /** Does `if`, `for`, `while` or `with` stand before this place? */
  isBehindCondition(): boolean {
    const { code } = this
    let last = this.position - 1
    while (last > this.#known && isSpace(code.charCodeAt(last))) last--
    const isPossible =
      last <= this.#known ||
      (conditionEnds[code.charCodeAt(last)] === 1 && beforeConditionEnds[code.charCodeAt(last - 1)] === 1)
    if (!isPossible) return false
    this.#read()
    if (this.#before !== Before.word || this.#isMember) return false
    const size = this.#end - this.#wordStart
    if (size < 2 || size > 5) return false
    const word = this.#lastWord()
    if (word === 'if' || word === 'for' || word === 'while' || word === 'with') return true
    return word === 'await' && isBehindFor(this.code, this.#wordStart)
  }

  /** May an expression begin here? `undefined`: nobody knows without a parser. */
  wantsExpression(): boolean | undefined {
    this.#read()
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

  /** `++` and `--`: `a++` stays the end of an expression, `++a` begins one. */
  step(): true {
    this.#read()
    if (this.#before === Before.word) {
      const isKeyword = keywords.has(this.#lastWord())
      return this.token(isKeyword ? Before.sign : Before.operand, this.position + 2)
    }
    return this.token(this.#before === Before.brace ? Before.sign : this.#before, this.position + 2)
  }

  #lastWord(): string {
    return this.#isMember ? '' : this.code.slice(this.#wordStart, this.#end)
  }

  /** Reads what was passed: words, numbers, white space and signs. */
  #read(): void {
    const code = this.code
    let at = this.#known
    while (at < this.position) {
      const unit = code.charCodeAt(at)
      const kind = kindOf(unit)
      if (isSpace(unit)) {
        at++
        continue
      }
      if (kind === Kind.word || unit === dollar) {
        this.#isMember = this.#before === Before.dot
        this.#wordStart = at
        this.#before = Before.word
        at = stopAt(wordStops, code, at + 1)
      } else if (kind === Kind.digit) {
        this.#before = Before.operand
        at = stopAt(numberStops, code, at + 1)
      } else {
        // Of three dots each is a sign.
        const isDot = unit === dot && code.charCodeAt(at + 1) !== dot && code.charCodeAt(at - 1) !== dot
        this.#before = isDot ? Before.dot : Before.sign
        at++
      }
      this.#end = at
    }
    this.#known = this.position
  }
}

const isSpace = (unit: number): boolean =>
  kindOf(unit) === Kind.space || unit === noBreakSpace || unit === byteOrderMark

const ascii = String.fromCharCode(...Array(0x80).keys())
const wordStops = stopsOf(ascii.replace(/[\w$]/g, ''))
const numberStops = stopsOf(ascii.replace(/[\w.]/g, ''))

/** The last two letters of the words before conditions: those of few other words. */
const conditionEnds = stopsOf('freht')
const beforeConditionEnds = stopsOf('iolt')

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
