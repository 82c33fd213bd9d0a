/** A request body cut at its history. */
interface CutBody {
  /** The history's elements, as the bytes say them. */
  readonly history: string
  /** All other members: they decide what stands before the history in the model's prompt. */
  readonly rest: string
}

/**
 * What of a request's prompt is not how the next one's begins; undefined when the next extends it byte for byte.
 * @param member the array that holds the history
 */
export const brokenPrefix = (earlier: string, later: string, member: string): string | undefined => {
  const before = cut(earlier, member)
  const after = cut(later, member)
  if (before.rest !== after.rest) return firstDifference(before.rest, after.rest)
  const isExtended = after.history === before.history || after.history.startsWith(`${before.history},`)
  return isExtended ? undefined : firstDifference(before.history, after.history)
}

const firstDifference = (one: string, other: string): string => {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  const around = (text: string) => text.slice(Math.max(0, at - 120), at + 120)
  return `at ${at}\nearlier: ${around(one)}\nlater:   ${around(other)}`
}

const cut = (body: string, member: string): CutBody => {
  const opening = `"${member}":[`
  let depth = 0
  let inString = false
  let start = -1
  for (let at = 0; at < body.length; at++) {
    const letter = body[at]
    if (inString) {
      if (letter === '\\') at++
      else if (letter === '"') inString = false
    } else if (letter === '"') {
      if (depth === 1 && body.startsWith(opening, at)) {
        at += opening.length - 1
        start = at + 1
        depth++
      } else inString = true
    } else if (letter === '{' || letter === '[') depth++
    else if (letter === '}' || letter === ']') {
      depth--
      if (depth === 1 && start >= 0) {
        return { history: body.slice(start, at), rest: body.slice(0, start) + body.slice(at) }
      }
    }
  }
  throw new Error(`the body has no array ${member}`)
}
