import type { DocumentPart, ImagePart, Part } from '../../ir/index.ts'

/** A content part of another protocol with what this one wants said: a picture's detail, a file's name. */
export const adoptContent = (part: Part): Part => {
  switch (part.type) {
    case 'image':
      return { ...part, detail: detailOf(part.detail), ...sniffed(part) }
    case 'document':
      return needsName(part) ? { ...part, title: `document.${extensionOfType(part)}` } : part
    default:
      return part
  }
}

/** Gemini's levels beside our own words. */
const detailOf = (detail: string | undefined): string => {
  switch (detail) {
    case 'low':
    case 'high':
    case 'original':
      return detail
    case 'ultra_high':
      return 'original'
    default:
      return 'auto'
  }
}

/** Inline data without a media type would be no data URL; the first bytes of a picture tell its type. */
const sniffed = (part: ImagePart): Pick<ImagePart, 'source'> => {
  const { source } = part
  if (source.type !== 'base64' || source.mediaType !== undefined) return { source }
  const mediaType = signatures.find(([start]) => source.data.startsWith(start))?.[1]
  return { source: mediaType === undefined ? source : { ...source, mediaType } }
}

/** Base64 of the first bytes. */
const signatures: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]

const needsName = ({ title, source }: DocumentPart): boolean =>
  (title === undefined || title === '') && (source.type === 'base64' || source.type === 'text')

const extensionOfType = ({ source }: DocumentPart): string => {
  const mediaType = source.type === 'parts' ? undefined : source.mediaType
  if (source.type === 'text') return 'txt'
  const known = mediaType === undefined ? undefined : extensions.get(mediaType)
  return known ?? 'pdf'
}

const extensions: ReadonlyMap<string, string> = new Map([
  ['application/pdf', 'pdf'],
  ['text/plain', 'txt'],
  ['text/markdown', 'md'],
  ['text/html', 'html'],
  ['text/csv', 'csv'],
  ['application/json', 'json'],
  ['application/msword', 'doc'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
  ['application/vnd.openxmlformats-officedocument.presentationml.presentation', 'pptx'],
])
