import type { Leaf } from '../../ir/index.ts'
import { scanJson } from '../../wire/index.ts'
import type { WireRequest } from '../protocol.ts'

/** Deeper bodies are refused before anybody reads their texts. */
const deepest = 512

/**
 * The texts to embed, `input` or `input[3]`. Inputs of dialects are objects; their strings are texts as well and count
 * as the input that they stand in.
 */
export const leaves = (wire: WireRequest): readonly Leaf[] => {
  const { text, top } = scanJson(wire.body, new Set(), deepest)
  const input = top.get('input')
  if (input === undefined) return []
  const isList = text[input.start] === '['
  const found: Leaf[] = []
  let depth = 0
  let index = 0
  for (let at = input.start; at < input.end; ) {
    switch (text[at]) {
      case '"': {
        const end = literalEnd(text, at)
        if (!isKey(text, end)) {
          const source = Buffer.from(text.slice(at, end), 'latin1').toString('utf8')
          found.push({
            id: idOf(isList ? `input[${index}]` : 'input', found),
            role: 'user',
            kind: 'embedding',
            text: String(JSON.parse(source)),
            start: at,
            end,
          })
        }
        at = end
        continue
      }
      case '[':
      case '{':
        depth++
        break
      case ']':
      case '}':
        depth--
        break
      case ',':
        if (depth === 1) index++
        break
    }
    at++
  }
  return found
}

/** Several texts of one input follow each other and are told apart by a number. */
const idOf = (id: string, found: readonly Leaf[]): string => {
  const last = found.at(-1)?.id
  if (last !== id && last?.startsWith(`${id}#`) !== true) return id
  return `${id}#${last === id ? 2 : Number(last.slice(id.length + 1)) + 1}`
}

const literalEnd = (text: string, start: number): number => {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

const isKey = (text: string, end: number): boolean => {
  let at = end
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return text[at] === ':'
}
