import { GatewayError } from '../../errors.ts'
import type { GenerateRequest, MediaSource, Part } from '../../ir/index.ts'
import type { TranslationTarget } from '../pass.ts'
import { isTextType } from './document-text.ts'
import { capabilityAt, fetchesDocuments } from './fit-media.ts'
import { type MediaPart, type MediaPlace, mapMedia } from './map-media.ts'
import { essenceOf, mediaTypeOf } from './media-type.ts'

/** Fetches what an address names. Injected, for translations do no network of their own. */
export type FetchMedia = (
  url: string,
  signal?: AbortSignal,
) => Promise<{ readonly bytes: Uint8Array; readonly contentType?: string }>

export interface InlineOptions {
  readonly target: Pick<TranslationTarget, 'protocol' | 'provider' | 'capabilities'>
  readonly fetchMedia: FetchMedia
  readonly signal?: AbortSignal
  /** The client's own spelling of a canonical path, for errors. */
  readonly fieldPath?: (path: string) => string
}

/** One request must not make the gateway fetch without end. */
const mostFetches = 20
const mostBytes = 50 * 1024 * 1024

/**
 * The request with the bytes of media whose addresses the target does not fetch itself (translation.md §4.3, I2).
 * Runs before the passes, which know no waiting. Each address is fetched once. What a file is, its bytes say.
 * @throws GatewayError `gateway_media_unavailable` with the path in the client's request
 */
export const inlineMedia = async (
  request: GenerateRequest,
  { target, fetchMedia, signal, fieldPath = (path) => path }: InlineOptions,
): Promise<GenerateRequest> => {
  if (request.protocol === target.protocol) return request
  const wanted = new Map<string, { readonly part: MediaPart; readonly at: string }>()
  mapMedia(request, (part, place) => {
    const url = addressToFetch(part, place, target)
    if (url !== undefined && !wanted.has(url)) wanted.set(url, { part, at: place.at })
    return [part]
  })
  if (wanted.size === 0) return request
  const sources = new Map<string, MediaSource>()
  let bytes = 0
  for (const [url, { part, at }] of wanted) {
    try {
      if (sources.size >= mostFetches) throw unavailable(`more than ${mostFetches} addresses are not fetched`)
      const fetched = await fetchMedia(url, signal)
      bytes += fetched.bytes.byteLength
      if (bytes > mostBytes) throw unavailable(`more than ${mostBytes} bytes in one request are not fetched`)
      sources.set(url, sourceOf(part, fetched))
    } catch (error) {
      throw placed(error, fieldPath(at))
    }
  }
  return mapMedia(request, (part, place) => {
    const url = addressToFetch(part, place, target)
    const source = url === undefined ? undefined : sources.get(url)
    return source === undefined ? [part] : [withSource(part, source)]
  })
}

/** The address of a part that the target takes, but does not fetch. */
const addressToFetch = (
  part: MediaPart,
  place: MediaPlace,
  target: InlineOptions['target'],
): string | undefined => {
  const { source } = part
  if (source.type !== 'url' || !/^https?:\/\//i.test(source.url)) return undefined
  return isTakenButNotFetched(part, place, target) ? source.url : undefined
}

const isTakenButNotFetched = (
  part: MediaPart,
  place: MediaPlace,
  target: InlineOptions['target'],
): boolean => {
  const { protocol } = target
  switch (part.type) {
    case 'image': {
      const taken = capabilityAt('images', place, target)
      return taken.images && !taken.imageUrls
    }
    case 'document':
      return !fetchesDocuments(target)
    case 'audio':
      return capabilityAt('audio', place, target).audio && protocol === 'openai-chat'
    case 'video': {
      const taken = capabilityAt('video', place, target)
      return taken.video && !taken.imageUrls
    }
  }
}

const sourceOf = (
  part: MediaPart,
  { bytes, contentType }: { readonly bytes: Uint8Array; readonly contentType?: string },
): MediaSource => {
  const told = essenceOf(contentType)
  const seen = mediaTypeOf(bytes)
  const mediaType = seen ?? (part.type === 'document' && isTextType(told) ? told : undefined)
  const kind = mediaType?.split('/')[0]
  const fits =
    part.type === 'document'
      ? mediaType === 'application/pdf' || kind === 'text' || isTextType(mediaType)
      : kind === part.type
  if (mediaType === undefined || !fits) {
    throw unavailable(`what lies there is no ${part.type} (${mediaType ?? 'of no known type'})`)
  }
  return { type: 'base64', data: Buffer.from(bytes).toString('base64'), mediaType }
}

const withSource = (part: MediaPart, source: MediaSource): Part => {
  const { raw: _raw, ...rest } = part
  return { ...rest, source } as MediaPart
}

const unavailable = (reason: string): GatewayError => new GatewayError('gateway_media_unavailable', reason)

const placed = (error: unknown, param: string): unknown =>
  error instanceof GatewayError
    ? new GatewayError(error.code, `${param}: ${error.message}`, { param, cause: error })
    : error
