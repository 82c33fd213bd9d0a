import {
  ampersand,
  asterisk,
  closeBrace,
  dollar,
  doubleQuote,
  greater,
  Kind,
  kindOf,
  less,
  openBrace,
  openParenthesis,
  singleQuote,
  slash,
} from '../characters.ts'
import { lineEnd } from '../scan.ts'
import { elementNameEnd, skipSpace, typeArgumentsEnd } from './javascript-ends.ts'
import { Before, type JavascriptTokens, Open } from './javascript-tokens.ts'

/** Reads elements of JSX. Where one method returns false, something is doubtful. */
export class JavascriptElements {
  readonly #tokens: JavascriptTokens
  readonly #hasJsx: boolean
  /** Of the open elements. */
  readonly #names: string[] = []
  #lastClosings: ReadonlyMap<string, number> | undefined

  constructor(tokens: JavascriptTokens, hasJsx: boolean) {
    this.#tokens = tokens
    this.#hasJsx = hasJsx
  }

  /** Is it an element, and not the type parameters of a function? `undefined`: neither. */
  begins(from: number): boolean | undefined {
    const code = this.#tokens.code
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
    if (kindOf(next) !== Kind.word || at >= this.#tokens.length) return false
    return !/^extends\s+[^\s=/>]/.test(code.slice(at, at + 100))
  }

  /** Where the last `</name` of each name begins: what is never closed is no element. */
  #closings(): ReadonlyMap<string, number> {
    if (this.#lastClosings === undefined) {
      const code = this.#tokens.code
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

  enter(): boolean {
    const code = this.#tokens.code
    const start = this.#tokens.position + 1
    const end = elementNameEnd(code, start)
    this.#names.push(code.slice(start, end))
    this.#tokens.open.push(Open.element)
    this.#tokens.position = skipSpace(code, end)
    if (code.charCodeAt(this.#tokens.position) === less) {
      const close = typeArgumentsEnd(code, this.#tokens.position)
      if (close < 0) return false
      this.#tokens.position = close
    }
    return this.attributes()
  }

  /** From within a tag to its end, or to a value in braces. */
  attributes(): boolean {
    const code = this.#tokens.code
    while (this.#tokens.position < this.#tokens.length) {
      const position = this.#tokens.position
      const unit = code.charCodeAt(position)
      switch (unit) {
        case openBrace:
          this.#tokens.open.push(Open.attribute)
          return this.#tokens.token(Before.sign, position + 1)
        case doubleQuote:
        case singleQuote: {
          const close = code.indexOf(String.fromCharCode(unit), position + 1)
          if (close < 0) return false
          this.#tokens.position = close + 1
          break
        }
        case greater:
          this.#tokens.position = position + 1
          return this.children()
        case slash: {
          const next = code.charCodeAt(position + 1)
          if (next === greater) {
            this.#names.pop()
            this.#tokens.open.pop()
            this.#tokens.position = position + 2
            return this.#behindElement()
          }
          // A comment between attributes stays.
          if (next === slash) this.#tokens.position = lineEnd(code, position)
          else if (next === asterisk) {
            const close = code.indexOf('*/', position + 2)
            if (close < 0) return false
            this.#tokens.position = close + 2
          } else return false
          break
        }
        case less:
        case closeBrace:
        case openParenthesis:
        case ampersand:
          return false
        default:
          this.#tokens.position++
      }
    }
    return false
  }

  /** The text of an element, to the next tag or to an expression. */
  children(): boolean {
    const code = this.#tokens.code
    for (;;) {
      let at = this.#tokens.position
      for (; at < this.#tokens.length; at++) {
        const unit = code.charCodeAt(at)
        if (unit === less || unit === openBrace) break
        if (unit === closeBrace || unit === greater) return false
      }
      if (at >= this.#tokens.length) return false
      if (code.charCodeAt(at) === openBrace) {
        this.#tokens.open.push(Open.child)
        return this.#tokens.token(Before.sign, at + 1)
      }
      const next = skipSpace(code, at + 1)
      if (code.charCodeAt(next) !== slash) {
        this.#tokens.position = at
        const first = code.charCodeAt(at + 1)
        return (kindOf(first) === Kind.word || first === greater || first === dollar) && this.enter()
      }
      const start = skipSpace(code, next + 1)
      const end = elementNameEnd(code, start)
      const close = skipSpace(code, end)
      if (code.charCodeAt(close) !== greater) return false
      if (this.#tokens.open.pop() !== Open.element || this.#names.pop() !== code.slice(start, end))
        return false
      this.#tokens.position = close + 1
      if (this.#tokens.open.at(-1) !== Open.element)
        return this.#tokens.token(Before.operand, this.#tokens.position)
    }
  }

  #behindElement(): boolean {
    return this.#tokens.open.at(-1) === Open.element
      ? this.children()
      : this.#tokens.token(Before.operand, this.#tokens.position)
  }
}
