import type { Choice, Citation, GenerateResponse, Part, ReasoningPiece } from '../../ir/index.ts'
import type { PlaceholderMap } from './placeholder-map.ts'
import { type RestoreCounts, restoreJson, restoreText } from './restorer.ts'

export interface RestoreOptions {
  /** Readable thoughts are signed and stay as they are. */
  readonly signedReasoning: boolean
  /** Counts what was put back, and what looked like a placeholder and was none. */
  readonly counts?: RestoreCounts
}

/** A whole answer with the values of its placeholders; the same object where there were none. */
export const restoreResponse = (
  response: GenerateResponse,
  map: PlaceholderMap,
  options: RestoreOptions,
): GenerateResponse => {
  if (!map.restores) return response
  const choices = mapped(response.choices, (choice) => restoreChoice(choice, map, options))
  return choices === response.choices ? response : unsourced({ ...response, choices })
}

const restoreChoice = (choice: Choice, map: PlaceholderMap, options: RestoreOptions): Choice => {
  const parts = mapped(choice.parts, (part) => restorePart(part, map, options))
  return parts === choice.parts ? choice : unsourced({ ...choice, parts })
}

/** A whole part with the values of its placeholders; the same object where there were none. */
export const restorePart = (part: Part, map: PlaceholderMap, options: RestoreOptions): Part => {
  const words = (text: string): string => restoreText(text, map, options.counts)
  const source = (json: string): string => restoreJson(json, map, options.counts)
  switch (part.type) {
    case 'text': {
      const text = words(part.text)
      const citations = mapped(part.citations ?? [], (citation) => restoreCitation(citation, map))
      if (text === part.text && citations === (part.citations ?? citations)) return part
      return unsourced({ ...part, text, ...(part.citations === undefined ? {} : { citations }) })
    }
    case 'refusal': {
      const text = words(part.text)
      return text === part.text ? part : unsourced({ ...part, text })
    }
    case 'reasoning': {
      if (options.signedReasoning || isSigned(part)) return part
      const pieces = mapped(part.pieces, (piece): ReasoningPiece => {
        const text = words(piece.text)
        return text === piece.text ? piece : { ...piece, text }
      })
      return pieces === part.pieces ? part : unsourced({ ...part, pieces })
    }
    case 'tool-call': {
      const input = part.kind === 'custom' ? words(part.input) : source(part.input)
      return input === part.input ? part : unsourced({ ...part, input })
    }
    case 'server-call': {
      const input = source(part.input)
      return input === part.input ? part : unsourced({ ...part, input })
    }
    case 'server-result': {
      const output = source(part.output)
      return output === part.output ? part : unsourced({ ...part, output })
    }
    case 'json': {
      const json = source(part.json)
      return json === part.json ? part : unsourced({ ...part, json })
    }
    default:
      return part
  }
}

/** What a citation quotes is what the provider saw. */
export const restoreCitation = (citation: Citation, map: PlaceholderMap): Citation => {
  const title = citation.title === undefined ? undefined : restoreText(citation.title, map)
  const citedText = citation.citedText === undefined ? undefined : restoreText(citation.citedText, map)
  if (title === citation.title && citedText === citation.citedText) return citation
  return unsourced({
    ...citation,
    ...(title === undefined ? {} : { title }),
    ...(citedText === undefined ? {} : { citedText }),
  })
}

/** Encrypted thoughts stand apart from the words that are shown; a signature is over the words. */
export const isSigned = (part: Part): boolean => part.state !== undefined && part.state.kind !== 'encrypted'

/** Its source text says what it was. */
export const unsourced = <T extends { readonly raw?: unknown }>(node: T): T => {
  if (node.raw === undefined) return node
  const { raw: _raw, ...rest } = node
  return rest as T
}

/** The same array where nothing changed. */
const mapped = <T>(items: readonly T[], change: (item: T) => T): readonly T[] => {
  let changed: T[] | undefined
  items.forEach((item, index) => {
    const next = change(item)
    if (next === item) return
    changed ??= [...items]
    changed[index] = next
  })
  return changed ?? items
}
