import type {
  AudioPart,
  DocumentPart,
  GenerateRequest,
  ImagePart,
  Part,
  Turn,
  VideoPart,
} from '../../ir/index.ts'

export type MediaPart = ImagePart | DocumentPart | AudioPart | VideoPart

export const isMedia = (part: Part): part is MediaPart =>
  part.type === 'image' || part.type === 'document' || part.type === 'audio' || part.type === 'video'

export interface MediaPlace {
  /** In the client's request. */
  readonly at: string
  readonly inResult: boolean
}

/**
 * The request with other parts in the place of its media, in their order: those of messages, of tool results, and the
 * pictures inside of documents before the documents themselves. The request itself where nothing is replaced.
 */
export const mapMedia = (
  request: GenerateRequest,
  replace: (part: MediaPart, place: MediaPlace) => readonly Part[],
): GenerateRequest => {
  const mapParts = (parts: readonly Part[], place: string, inResult: boolean): readonly Part[] => {
    const mapped = parts.flatMap((part, index) =>
      mapPart(part, part.at ?? `${place}.parts[${index}]`, inResult),
    )
    return isSame(mapped, parts) ? parts : mapped
  }
  const mapPart = (part: Part, at: string, inResult: boolean): readonly Part[] => {
    if (part.type === 'tool-result') {
      const content = mapParts(part.content, at, true)
      return content === part.content ? [part] : [withContent(part, content)]
    }
    if (!isMedia(part)) return [part]
    if (part.type !== 'document' || part.source.type !== 'parts') return replace(part, { at, inResult })
    const parts = mapParts(part.source.parts, at, inResult)
    const document = parts === part.source.parts ? part : withContent(part, parts)
    return replace(document, { at, inResult })
  }
  const turns = request.turns.map((turn, index): Turn => {
    const parts = mapParts(turn.parts, turn.at ?? `turns[${index}]`, false)
    return parts === turn.parts ? turn : { ...turn, parts }
  })
  return isSame(turns, request.turns) ? request : { ...request, turns }
}

const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => item === b[index])

/** What was changed inside is not what the source text says any more. */
const withContent = <Holder extends Part>(part: Holder, content: readonly Part[]): Holder => {
  const { raw: _raw, ...rest } = part
  return part.type === 'document'
    ? ({ ...rest, source: { type: 'parts', parts: content } } as Holder)
    : ({ ...rest, content } as Holder)
}
