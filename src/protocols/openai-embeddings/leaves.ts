import type { Leaf } from '../../ir/index.ts'
import { scanJson, stringEnd } from '../../wire/index.ts'
import type { WireRequest } from '../protocol.ts'

/** Deeper bodies are refused before anybody reads their texts. */
const deepest = 512

/** Members of the request that say how to answer, in enum words and ids. */
const settings: ReadonlySet<string> = new Set(['model', 'encoding_format', 'input_type', 'task', 'truncate'])

/**
 * The texts to embed, `input` or `input[3]`, and who asks. Inputs of dialects are objects; their strings are texts as
 * well and count as the input that they stand in. Of members that come twice, all are read: a reader may take either.
 */
export const leaves = (wire: WireRequest): readonly Leaf[] => {
  const { text } = scanJson(wire.body, new Set(), deepest)
  const found: Leaf[] = []
  const times = new Map<string, number>()
  /** Several texts of one input are told apart by a number. */
  const idOf = (id: string): string => {
    const count = (times.get(id) ?? 0) + 1
    times.set(id, count)
    return count === 1 ? id : `${id}#${count}`
  }
  let depth = 0
  let member = ''
  /** Of the list that the member is; -1 where it is none. */
  let index = -1
  for (let at = 0; at < text.length; ) {
    switch (text[at]) {
      case '"': {
        const end = stringEnd(text, at)
        if (!isKey(text, end)) {
          if (!settings.has(member)) {
            const isInput = member === 'input'
            found.push({
              id: idOf(index < 0 ? member : `${member}[${index}]`),
              role: isInput ? 'user' : 'system',
              kind: isInput ? 'embedding' : 'title',
              text: textOf(text, at, end),
              start: at,
              end,
            })
          }
        } else if (depth === 1) {
          member = textOf(text, at, end)
          index = -1
        }
        at = end
        continue
      }
      case '[':
      case '{':
        if (depth === 1 && text[at] === '[') index = 0
        depth++
        break
      case ']':
      case '}':
        depth--
        break
      case ',':
        if (depth === 2 && index >= 0) index++
        break
    }
    at++
  }
  return found
}

const textOf = (text: string, start: number, end: number): string =>
  String(JSON.parse(Buffer.from(text.slice(start, end), 'latin1').toString('utf8')))

const isKey = (text: string, end: number): boolean => {
  let at = end
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return text[at] === ':'
}
