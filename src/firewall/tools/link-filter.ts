import { judgeAddress } from './address.ts'
import { compileHosts, type HostTest } from './hosts.ts'

/** What stands in place of an address that is not allowed. Nothing loads it. */
export const blockedAddress = 'blocked:by-gateway'

/** An address whose host has not ended by then is not let through: so much is held back at most. */
const longestHeld = 250

export interface FilteredText {
  readonly text: string
  /** Addresses that were taken out. */
  readonly blocked: number
}

/**
 * Takes the addresses of images and links out of a text whose hosts are not allowed: of Markdown (inline and in
 * definitions), of HTML attributes and of styles; in code as well, since what is code depends on who shows it.
 * Addresses without a host stay, and so do those that stand in the text as they are: nothing loads them.
 * @param allowedHosts globs on host names
 */
export const filterLinks = (text: string, allowedHosts: readonly string[]): FilteredText => {
  const filter = createLinkFilter(compileHosts(allowedHosts))
  const filtered = filter.push(text) + filter.end()
  return { text: filtered, blocked: filter.blocked }
}

/** Filters one text that comes in pieces. */
export interface LinkFilter {
  push(piece: string): string
  end(): string
  readonly blocked: number
  /** Characters held back: the beginning of an address, up to where its host ends. */
  readonly held: number
}

/** How an address is written, which says where it ends. */
type Form = 'markdown' | 'angle' | 'double' | 'single' | 'bare'

type State =
  | 'text'
  /** Behind what introduces an address, which is about to begin. */
  | 'before'
  /** Within an address, which is held until its host is known. */
  | 'address'
  /** Within the rest of one that passes or is left out. */
  | 'rest'

/** Attributes of HTML whose values are addresses. */
const attribute =
  /(?:^|[\s"'/])(?:src|href|srcset|imagesrcset|poster|action|formaction|background|data|cite|ping|xlink:href)\s*=$/
/** So many characters tell what introduces an address. */
const lookBehind = 32

export const createLinkFilter = (isAllowed: HostTest): LinkFilter => {
  const triggers = /[(:<>=]/g
  let state: State = 'text'
  let form: Form = 'markdown'
  let held = ''
  let isDropped = false
  /** Parentheses that an address of Markdown has opened. */
  let depth = 0
  let isInTag = false
  /** The attribute holds several addresses. */
  let isList = false
  let behind = ''
  let blocked = 0

  const begin = (next: Form, list = false): void => {
    state = 'before'
    form = next
    isList = list
    depth = 0
  }

  /** The text up to the next character that may introduce something, that one included. */
  const readText = (piece: string, at: number): number => {
    triggers.lastIndex = at
    const found = triggers.exec(piece)
    const end = found === null ? piece.length : found.index + 1
    behind = (behind + piece.slice(Math.max(at, end - lookBehind), end).toLowerCase()).slice(-lookBehind)
    switch (found?.[0]) {
      case '<':
        isInTag = true
        break
      case '>':
        isInTag = false
        break
      case '(':
        if (behind.endsWith('](')) begin('markdown')
        else if (behind.endsWith('url(')) begin('bare')
        break
      case ':':
        if (behind.endsWith(']:')) begin('markdown')
        break
      case '=':
        if (isInTag && attribute.test(behind)) begin('bare', /srcset\s*=$/.test(behind))
    }
    return end
  }

  const ends = (character: string): boolean => {
    switch (form) {
      case 'markdown':
        return /\s/.test(character) || (character === ')' && depth === 0)
      case 'angle':
        return character === '>' || character === '\n'
      case 'double':
        return character === '"' || (isList && /[\s,]/.test(character))
      case 'single':
        return character === "'" || (isList && /[\s,]/.test(character))
      case 'bare':
        return /[\s>"'),;]/.test(character)
    }
  }

  const judge = (isWhole: boolean): string => {
    const verdict = judgeAddress(held, isWhole, isAllowed)
    if (verdict === 'open' && held.length < longestHeld) return ''
    const address = held
    held = ''
    state = 'rest'
    isDropped = verdict !== 'passes'
    if (!isDropped) return address
    blocked++
    return blockedAddress
  }

  /** A character that is no plain text, and what goes out for it. */
  const read = (character: string): string => {
    if (state === 'before') {
      if (/\s/.test(character)) return character
      if (character === '<' && form === 'markdown') form = 'angle'
      else if (character === '"' && form === 'bare') form = 'double'
      else if (character === "'" && form === 'bare') form = 'single'
      else {
        state = 'address'
        return read(character)
      }
      state = 'address'
      return character
    }
    if (state === 'address') {
      if (ends(character)) return judge(true) + read(character)
      count(character)
      held += character
      return judge(false)
    }
    if (!ends(character)) {
      count(character)
      return isDropped ? '' : character
    }
    const goesOn = isList && /[\s,]/.test(character)
    state = goesOn ? 'before' : 'text'
    if (goesOn) return character
    behind = ''
    readText(character, 0)
    return character
  }

  const count = (character: string): void => {
    if (form !== 'markdown') return
    if (character === '(') depth++
    else if (character === ')') depth--
  }

  return {
    push(piece) {
      let output = ''
      let at = 0
      while (at < piece.length) {
        if (state === 'text') {
          const end = readText(piece, at)
          output += piece.slice(at, end)
          at = end
        } else output += read(piece[at++] ?? '')
      }
      return output
    },
    end: () => (state === 'address' ? judge(true) : ''),
    get blocked() {
      return blocked
    },
    get held() {
      return held.length
    },
  }
}
