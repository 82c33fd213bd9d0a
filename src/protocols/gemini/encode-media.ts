import type { AudioPart, DocumentPart, ImagePart, MediaSource, VideoPart } from '../../ir/index.ts'
import type { WirePart } from './wire.ts'

export type MediaPart = ImagePart | AudioPart | VideoPart | DocumentPart

/** Media → `inlineData` or `fileData`; undefined for a file id of another provider, which does not cross. */
export const encodeMedia = (part: MediaPart, source: MediaSource): WirePart | undefined => {
  const body = bodyOf(part, source)
  const level = part.type === 'image' ? levels[part.detail ?? ''] : undefined
  return body === undefined || level === undefined ? body : { ...body, mediaResolution: { level } }
}

const levels: Readonly<Record<string, string>> = {
  low: 'MEDIA_RESOLUTION_LOW',
  medium: 'MEDIA_RESOLUTION_MEDIUM',
  high: 'MEDIA_RESOLUTION_HIGH',
  ultra_high: 'MEDIA_RESOLUTION_ULTRA_HIGH',
  original: 'MEDIA_RESOLUTION_ULTRA_HIGH',
}

const bodyOf = (part: MediaPart, source: MediaSource): WirePart | undefined => {
  const mimeType = source.mediaType ?? defaultTypes[part.type]
  switch (source.type) {
    case 'base64':
      return { inlineData: { mimeType, data: source.data } }
    case 'text':
      return {
        inlineData: {
          mimeType: source.mediaType ?? 'text/plain',
          data: Buffer.from(source.text, 'utf8').toString('base64'),
        },
      }
    case 'url':
      return { fileData: { fileUri: source.url, ...given(source.mediaType) } }
    case 'file':
      return source.id.includes('files/')
        ? { fileData: { fileUri: source.id, ...given(source.mediaType) } }
        : undefined
  }
}

const given = (mimeType: string | undefined) => (mimeType === undefined ? {} : { mimeType })

const defaultTypes: Readonly<Record<MediaPart['type'], string>> = {
  image: 'image/png',
  audio: 'audio/wav',
  video: 'video/mp4',
  document: 'application/pdf',
}
