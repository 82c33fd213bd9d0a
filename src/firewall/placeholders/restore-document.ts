import { stringEnd } from '../../wire/index.ts'
import { isJsonLeaf } from './leaf-text.ts'
import type { PlaceholderMap } from './placeholder-map.ts'
import { restoreJson, restoreText } from './restorer.ts'
import { sealedMembers } from './sealed-members.ts'

/**
 * JSON as a provider wrote it, with the values of its placeholders, whatever it is an answer to: every string but for
 * names and sealed state. All else stays byte for byte; the same text where there is none.
 * @param source valid JSON
 */
export const restoreDocument = (source: string, map: PlaceholderMap): string => {
  if (!map.restores) return source
  let output = ''
  let copied = 0
  let at = 0
  /** The member that the next value belongs to; elements of a list belong to the list's. */
  let member = ''
  const outer: string[] = []
  while (at < source.length) {
    const code = source.charCodeAt(at)
    if (code === 0x7b || code === 0x5b) outer.push(member)
    else if (code === 0x7d || code === 0x5d) member = outer.pop() ?? ''
    if (code !== 0x22) {
      at++
      continue
    }
    const end = stringEnd(source, at)
    if (isName(source, end)) member = readString(source.slice(at, end)) ?? ''
    else if (end - at > shortest && !sealedMembers.has(member)) {
      const text = readString(source.slice(at, end))
      const restored = text === undefined ? undefined : restoreMember(member, text, map)
      if (restored !== undefined && restored !== text) {
        output += source.slice(copied, at) + JSON.stringify(restored)
        copied = end
      }
    }
    at = end
  }
  return copied === 0 ? source : output + source.slice(copied)
}

/** Quotes included; no placeholder is shorter. */
const shortest = 8

/** Members that hold JSON in a string: there a value is escaped once more, as it was when it was replaced. */
const restoreMember = (member: string, text: string, map: PlaceholderMap): string => {
  if (member === 'arguments') return restoreJson(text, map)
  const isSource =
    (member === 'input' || member === 'output') &&
    isJsonLeaf({ id: member, role: 'tool', kind: 'tool-output', text, start: 0, end: 0 })
  return isSource ? restoreJson(text, map) : restoreText(text, map)
}

/** Only names are followed by a colon. */
const isName = (source: string, end: number): boolean => {
  let at = end
  while (source.charCodeAt(at) <= 0x20) at++
  return source.charCodeAt(at) === 0x3a
}

const readString = (literal: string): string | undefined => {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  try {
    const text: unknown = JSON.parse(literal)
    return typeof text === 'string' ? text : undefined
  } catch {
    return undefined
  }
}
