import {
  backslash,
  closeBracket,
  dollar,
  dot,
  greater,
  isWordUnit,
  Kind,
  kindOf,
  less,
  minus,
  newline,
  openBracket,
  slash,
} from '../characters.ts'

/** Of a regular expression, its flags not included. */
export const expressionEnd = (code: string, start: number): number => {
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

export const skipSpace = (code: string, start: number): number => {
  let at = start
  while (kindOf(code.charCodeAt(at)) === Kind.space) at++
  return at
}

/** `a.b`, `a:b`, `a-b`. */
export const elementNameEnd = (code: string, start: number): number => {
  let end = start
  for (; end < code.length; end++) {
    const unit = code.charCodeAt(end)
    if (!isWordUnit(unit) && unit !== dollar && unit !== minus && unit !== dot && unit !== 0x3a) break
  }
  return end
}

/** Of simple ones: names, and brackets that fit. -1 for all others. */
export const typeArgumentsEnd = (code: string, start: number): number => {
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
