import type {
  AudioPart,
  DocumentPart,
  ImagePart,
  JsonObject,
  MediaSource,
  VideoPart,
} from '../../ir/index.ts'
import { readObject } from './read-object.ts'
import { uploadedFile } from './uploaded-file.ts'

export type MediaPart = ImagePart | DocumentPart | AudioPart | VideoPart

/** `inlineData` → a part of the kind that its MIME type names. Undefined when it holds no data. */
export const decodeBlob = (blob: JsonObject): MediaPart | undefined => {
  const reader = readObject(blob)
  const data = reader.string('data')
  if (data === undefined) return undefined
  const mediaType = reader.string('mimeType')
  return mediaPart({ type: 'base64', data, ...typed(mediaType) }, mediaType, reader.string('displayName'))
}

/** `fileData` → a part. URIs of the Files API stay whole as the file's id, for they carry host and version. */
export const decodeFile = (file: JsonObject): MediaPart | undefined => {
  const reader = readObject(file)
  const uri = reader.string('fileUri')
  if (uri === undefined) return undefined
  const mediaType = reader.string('mimeType')
  const source: MediaSource =
    uploadedFile(uri) === undefined
      ? { type: 'url', url: uri, ...typed(mediaType) }
      : { type: 'file', id: uri, ...typed(mediaType) }
  return mediaPart(source, mediaType ?? guessed(uri), reader.string('displayName'))
}

const typed = (mediaType: string | undefined) => (mediaType === undefined ? {} : { mediaType })

const guessed = (uri: string): string => {
  if (/^https?:\/\/(?:www\.)?(?:youtube\.com|youtu\.be)\//i.test(uri)) return 'video/youtube'
  return /\.(?:png|jpe?g|webp|heic|heif|gif)(?:[?#]|$)/i.test(uri) ? 'image/*' : ''
}

const mediaPart = (source: MediaSource, mediaType = '', title: string | undefined): MediaPart => {
  const kind = mediaType.slice(0, mediaType.indexOf('/'))
  if (kind === 'image' || kind === 'audio' || kind === 'video') return { type: kind, source }
  return { type: 'document', source, ...(title === undefined ? {} : { title }) }
}
