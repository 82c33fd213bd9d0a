import { type JsonText, parseJson } from '../ir/index.ts'

/** JSON with its keys in order, so that equal values are equal texts. Undefined members are absent. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members: string[] = []
  for (const key of Object.keys(value).sort()) {
    const member: unknown = Reflect.get(value, key)
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`)
  }
  return `{${members.join(',')}}`
}

const quote = 0x22
const backslash = 0x5c

/**
 * Source text of a JSON value without the white space between its tokens. The order of its keys stays, since models
 * write the members of a schema in that order, and so does the spelling of its numbers. What is no JSON stays as it is.
 */
export const withoutSpace = (text: JsonText): string => {
  if (!/[\s]/.test(text)) return text
  const pieces: string[] = []
  let from = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === backslash) at++
      else if (code === quote) inString = false
    } else if (code === quote) inString = true
    else if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      if (at > from) pieces.push(text.slice(from, at))
      from = at + 1
    }
  }
  if (from < text.length) pieces.push(text.slice(from))
  return inString || parseJson(text) === undefined ? text : pieces.join('')
}
