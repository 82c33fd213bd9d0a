import { GatewayError } from '../../errors.ts'
import type { AudioPart, DocumentPart, ImagePart, MediaSource, VideoPart } from '../../ir/index.ts'
import type { WirePart } from './wire.ts'

export type MediaPart = ImagePart | AudioPart | VideoPart | DocumentPart

/**
 * Media → `inlineData` or `fileData`.
 * @param guesses tells the type of an address by its name, where the source did not say
 * @throws GatewayError `gateway_translation_unsupported` for a file id of another provider, which does not cross
 */
export const encodeMedia = (part: MediaPart, source: MediaSource, guesses: boolean): readonly WirePart[] => {
  if (source.type === 'file' && !source.id.includes('files/')) {
    // Chat names audio of its own by id; what was said goes on.
    if (part.type === 'audio' && part.transcript !== undefined) return [{ text: part.transcript }]
    throw new GatewayError(
      'gateway_translation_unsupported',
      `the ${part.type} is a file of another provider, which Gemini cannot read: send its bytes or an address`,
      part.at === undefined ? {} : { param: part.at },
    )
  }
  const body = bodyOf(part, source, guesses)
  const level = part.type === 'image' ? levels[part.detail ?? ''] : undefined
  return [level === undefined ? body : { ...body, mediaResolution: { level } }]
}

const levels: Readonly<Record<string, string>> = {
  low: 'MEDIA_RESOLUTION_LOW',
  high: 'MEDIA_RESOLUTION_HIGH',
  original: 'MEDIA_RESOLUTION_ULTRA_HIGH',
}

const bodyOf = (part: MediaPart, source: MediaSource, guesses: boolean): WirePart => {
  switch (source.type) {
    case 'base64': {
      const mimeType = source.mediaType ?? sniffed(source.data) ?? defaultTypes[part.type]
      return { inlineData: { mimeType, data: source.data } }
    }
    case 'text':
      return {
        inlineData: {
          mimeType: source.mediaType ?? 'text/plain',
          data: Buffer.from(source.text, 'utf8').toString('base64'),
        },
      }
    case 'url':
      return fileData(source.url, source.mediaType ?? (guesses ? typeByName(source.url) : undefined))
    case 'file':
      return fileData(source.id, source.mediaType)
  }
}

const fileData = (fileUri: string, mimeType: string | undefined): WirePart => ({
  fileData: { fileUri, ...(mimeType === undefined ? {} : { mimeType }) },
})

/** Data URLs may come without a type; the first bytes tell it. */
const sniffed = (data: string): string | undefined => magic.find(([start]) => data.startsWith(start))?.[1]

const magic: readonly (readonly [base64: string, type: string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
  ['JVBERi0', 'application/pdf'],
]

/** What an address promises by its name; without a type the provider looks at the bytes. */
const typeByName = (url: string): string | undefined => {
  const name = /\.([a-z0-9]{3,4})(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase()
  return name !== undefined && Object.hasOwn(typesByName, name) ? typesByName[name] : undefined
}

const typesByName: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  mp4: 'video/mp4',
}

const defaultTypes: Readonly<Record<MediaPart['type'], string>> = {
  image: 'image/png',
  audio: 'audio/wav',
  video: 'video/mp4',
  document: 'application/pdf',
}
