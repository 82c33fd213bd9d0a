/** Pictures, files and sound of another protocol in the forms that this one takes (translation.md §4.3–4.5). */
import type { AudioPart, DocumentPart, ImagePart, Part, ProtocolId, VideoPart } from '../../ir/index.ts'
import { documentParts } from './document-text.ts'
import { canonicalPart } from './encode-parts.ts'
import type { LossReporter } from './losses.ts'
import { refuse } from './refuse.ts'

export type MediaPart = ImagePart | DocumentPart | AudioPart | VideoPart

export const isMedia = (part: Part): part is MediaPart =>
  part.type === 'image' || part.type === 'document' || part.type === 'audio' || part.type === 'video'

export interface MediaContext {
  /** Who said the request. */
  readonly source: ProtocolId
  readonly losses: LossReporter
  /** Numbers the documents that become text, from 1. */
  readonly nextDocument: () => number
}

/**
 * @param path where the part stands
 * @returns parts that `canonicalPart` can say; a document may become texts and pictures
 * @throws GatewayError `gateway_translation_unsupported` for media that cannot be sent: it is never left out
 */
export const adoptMedia = (part: MediaPart, path: string, context: MediaContext): readonly Part[] => {
  switch (part.type) {
    case 'image':
      return [adoptImage(part, path)]
    case 'document':
      return adoptDocument(part, path, context)
    case 'audio':
      return [adoptAudio(part, path)]
    case 'video':
      return canonicalPart(part) === undefined ? refuse(path, 'this video') : [part]
  }
}

const adoptImage = (part: ImagePart, path: string): ImagePart => {
  const { source, detail, ...rest } = part
  if (source.type !== 'url' && source.type !== 'base64') return refuse(path, 'a picture by the id of a file')
  const word = detailOf(detail)
  return { ...rest, source: sniffed(source), ...(word === undefined ? {} : { detail: word }) }
}

/** Gemini's levels beside our own words; the default goes unsaid. */
const detailOf = (detail: string | undefined): string | undefined => {
  switch (detail) {
    case 'low':
    case 'high':
    case 'original':
      return detail
    case 'ultra_high':
      return 'original'
    default:
      return undefined
  }
}

/** Data without a type would be no picture; its first bytes tell. */
const sniffed = (source: ImagePart['source']): ImagePart['source'] => {
  if (source.type !== 'base64') return source
  if (source.mediaType === 'image/jpg') return { ...source, mediaType: 'image/jpeg' }
  if (source.mediaType !== undefined) return source
  const mediaType = signatures.find(([start]) => source.data.startsWith(start))?.[1] ?? 'image/png'
  return { ...source, mediaType }
}

/** Base64 of the first bytes. */
const signatures: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]

const adoptDocument = (part: DocumentPart, path: string, context: MediaContext): readonly Part[] => {
  const { losses } = context
  const { wantsCitations, ...rest } = part
  if (wantsCitations === true) losses.dropped('document citations', path, 'no counterpart')
  const { source } = part
  if (source.type === 'url') return refuse(path, 'a document by its address')
  // Ids of files are the same in both of OpenAI's protocols.
  if (source.type === 'file') {
    return context.source === 'openai-responses' ? [rest] : refuse(path, 'a file of another provider')
  }
  const [essence = ''] = source.type === 'base64' ? (source.mediaType ?? pdf).split(';') : ['']
  if (essence === pdf && source.type === 'base64') {
    const { context: note, ...file } = rest
    if (note !== undefined) losses.dropped('document context', path, 'no counterpart')
    return [{ ...file, source: { ...source, mediaType: pdf } }]
  }
  const known: DocumentPart =
    source.type === 'base64' ? { ...part, source: { ...source, mediaType: essence } } : part
  const parts = documentParts(known, context.nextDocument())
  if (parts === undefined)
    return refuse(path, `documents of type ${essence === '' ? 'mixed content' : essence}`)
  return parts.map((each) => (each.type === 'image' ? adoptImage(each, path) : each))
}

const pdf = 'application/pdf'

const formats: Readonly<Record<string, string>> = {
  'audio/wav': 'audio/wav',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/mpeg': 'audio/mpeg',
  'audio/mp3': 'audio/mpeg',
}

const adoptAudio = (part: AudioPart, path: string): AudioPart => {
  const { source } = part
  const [essence = ''] = (source.mediaType ?? 'audio/wav').toLowerCase().split(';')
  const mediaType = Object.hasOwn(formats, essence) ? formats[essence] : undefined
  if (source.type !== 'base64' || mediaType === undefined) return refuse(path, 'sound that is no WAV or MP3')
  return { ...part, source: { ...source, mediaType } }
}
