import type { Choice, Citation, Finish, GenerateResponse, Part, ReasoningPiece } from '../../ir/index.ts'
import type { PlaceholderMap } from './placeholder-map.ts'
import { restoreExtensions } from './restore-extensions.ts'
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
  const beside = restoreExtensions(response, map)
  const choices = mapped(response.choices, (choice) => restoreChoice(choice, map, options))
  return beside === response && choices === response.choices ? response : unsourced({ ...beside, choices })
}

const restoreChoice = (choice: Choice, map: PlaceholderMap, options: RestoreOptions): Choice => {
  const beside = restoreExtensions(choice, map)
  const parts = mapped(choice.parts, (part) => restorePart(part, map, options))
  const finish = choice.finish === undefined ? undefined : restoreFinish(choice.finish, map)
  if (beside === choice && parts === choice.parts && finish === choice.finish) return choice
  return unsourced({ ...beside, parts, ...(finish === undefined ? {} : { finish }) })
}

/** How an answer ended: some providers explain it. */
export const restoreFinish = (finish: Finish, map: PlaceholderMap): Finish => {
  const beside = restoreExtensions(finish, map)
  const message = finish.message === undefined ? undefined : restoreText(finish.message, map)
  if (beside === finish && message === finish.message) return finish
  return unsourced({ ...beside, ...(message === undefined ? {} : { message }) })
}

/** A whole part with the values of its placeholders; the same object where there were none. */
export const restorePart = (part: Part, map: PlaceholderMap, options: RestoreOptions): Part => {
  switch (part.type) {
    case 'reasoning':
      return restoreWords(part, map, options)
    case 'text':
    case 'refusal':
    case 'tool-call':
    case 'json': {
      const beside = restoreExtensions(part, map)
      const restored = restoreWords(beside, map, options)
      return restored === beside && beside !== part ? unsourced(beside) : restored
    }
    default:
      return restoreSource(part, restoreWords(restoreExtensions(part, map), map, options), map)
  }
}

/** Longer sources are media. */
const longestSource = 262_144

/**
 * Items of which the canonical form says only some keep their source, restored as well; a call and its result may share
 * one. What holds sealed state goes back to the provider as it came.
 */
const restoreSource = (before: Part, part: Part, map: PlaceholderMap): Part => {
  const { raw } = before
  if (raw === undefined) return part
  if (raw.json.length > longestSource || /"(?:encrypted_content|signature)"\s*:\s*"/.test(raw.json))
    return before
  const json = restoreJson(raw.json, map)
  if (json === raw.json) return part === before ? before : unsourced(part)
  // A source may hold JSON within its strings, where a value with quotes would have to be escaped twice.
  if (map.isPlain) return { ...part, raw: { ...raw, json } }
  return part.type === 'opaque' ? before : unsourced(part)
}

const restoreWords = (part: Part, map: PlaceholderMap, options: RestoreOptions): Part => {
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
  const beside = restoreExtensions(citation, map)
  if (beside === citation && title === citation.title && citedText === citation.citedText) return citation
  return unsourced({
    ...beside,
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
