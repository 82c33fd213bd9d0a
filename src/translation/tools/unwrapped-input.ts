import { isJsonObject } from '../../ir/index.ts'
import { parsedJson } from './json-source.ts'

/**
 * Takes free text out of arguments `{"input": "…"}` while they arrive. Arguments that do not begin so are kept until
 * they are complete, and are then the text themselves, unless they are such an object after all.
 */
export interface UnwrappedInput {
  /** @returns the text that the piece of the arguments adds */
  push(slice: string): string
  /** @returns what is left when the arguments are complete */
  end(): string
}

/** How arguments begin that say the text first. */
const opening = /^\s*\{\s*"input"\s*:\s*"/
/** Any text that can still become such an opening. */
const mayOpen = /^\s*(?:\{\s*(?:"(?:i(?:n(?:p(?:u(?:t(?:"\s*(?::\s*)?)?)?)?)?)?)?)?)?$/

export const unwrapInput = (): UnwrappedInput => {
  let state: 'before' | 'inside' | 'behind' | 'other' = 'before'
  let held = ''
  /** Pieces of arguments that are something else. */
  const other: string[] = []

  const inside = (text: string): string => {
    const { said, rest, isClosed } = readString(text)
    held = isClosed ? '' : rest
    if (isClosed) state = 'behind'
    return said
  }

  return {
    push(slice) {
      switch (state) {
        case 'inside':
          return inside(held === '' ? slice : held + slice)
        case 'behind':
          return ''
        case 'other':
          other.push(slice)
          return ''
        case 'before': {
          held += slice
          const opened = opening.exec(held)
          if (opened !== null) {
            state = 'inside'
            return inside(held.slice(opened[0].length))
          }
          if (mayOpen.test(held)) return ''
          state = 'other'
          other.push(held)
          return ''
        }
      }
    },
    end() {
      if (state === 'inside') return withoutEscape(held)
      return state === 'behind' ? '' : whole(state === 'other' ? other.join('') : held)
    },
  }
}

const whole = (text: string): string => {
  const value = parsedJson(text)
  const input = isJsonObject(value) && Object.hasOwn(value, 'input') ? value['input'] : undefined
  return typeof input === 'string' ? input : text.trim() === '' || text.trim() === '{}' ? '' : text
}

interface ReadString {
  readonly said: string
  /** What cannot be read before more has come: part of an escape, or the first half of a character. */
  readonly rest: string
  readonly isClosed: boolean
}

/** Reads the inside of a JSON string as far as it has come. */
const readString = (text: string): ReadString => {
  let end = 0
  while (end < text.length && text.charCodeAt(end) !== quote) {
    const isEscape = text.charCodeAt(end) === backslash
    const length = !isEscape ? 1 : text.charCodeAt(end + 1) === letterU ? 6 : 2
    if (end + length > text.length) break
    end += length
  }
  const said = unescaped(text.slice(0, end))
  if (text.charCodeAt(end) === quote) return { said, rest: '', isClosed: true }
  const isHalf = isHighSurrogate(said.charCodeAt(said.length - 1))
  return isHalf
    ? { said: said.slice(0, -1), rest: said.slice(-1) + text.slice(end), isClosed: false }
    : { said, rest: text.slice(end), isClosed: false }
}

const quote = 0x22
const backslash = 0x5c
const letterU = 0x75

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff

/** Models write line breaks into strings as they are, which JSON does not allow. */
const unescaped = (text: string): string => {
  if (!text.includes('\\')) return text
  const value = parsedJson(
    `"${text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`,
  )
  return typeof value === 'string' ? value : text
}

/** Cut off: half an escape says nothing. */
const withoutEscape = (held: string): string => held.replace(/\\.*$/s, '')
