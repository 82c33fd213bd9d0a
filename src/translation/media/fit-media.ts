import type {
  AudioPart,
  DocumentPart,
  ImagePart,
  MediaCapability,
  MediaSource,
  Part,
  ProtocolId,
  VideoPart,
} from '../../ir/index.ts'
import type { Pass, TranslationContext } from '../pass.ts'
import { documentAsText, isTextType } from './document-text.ts'
import { type MediaPart, type MediaPlace, mapMedia } from './map-media.ts'
import { essenceOf, mediaTypeOfBase64 } from './media-type.ts'

/**
 * Pictures, documents, sound and video as the target takes them (translation.md §4.3–4.5). Bytes are never converted:
 * what a target does not take is refused, but for documents, whose text goes in between markers. Addresses that the
 * target does not fetch must have been fetched before (`inlineMedia`).
 */
export const media: Pass = {
  name: 'media',
  run(request, context) {
    if (request.protocol === context.target.protocol) return { request }
    let documents = 0
    const replace = (part: MediaPart, place: MediaPlace): readonly Part[] => {
      switch (part.type) {
        case 'image':
          return [fitImage(part, place, context)]
        case 'document':
          documents++
          return fitDocument(part, documents, place, context, request.protocol)
        case 'audio':
          return [fitAudio(part, place, context)]
        case 'video':
          return [fitVideo(part, place, context)]
      }
    }
    return { request: mapMedia(request, replace) }
  },
}

/** A target without media in tool results gets them in a message of the user, so that is what must take them. */
export const capabilityAt = (
  kind: 'images' | 'pdf' | 'audio' | 'video',
  { inResult }: Pick<MediaPlace, 'inResult'>,
  { capabilities }: Pick<TranslationContext['target'], 'capabilities'>,
): MediaCapability =>
  inResult && capabilities.toolResults[kind] ? capabilities.toolResults : capabilities.input

/** Source with a known type, in the usual spelling; the part's own source where nothing changes. */
const typed = (source: MediaSource): MediaSource => {
  const mediaType =
    essenceOf(source.mediaType) ?? (source.type === 'base64' ? mediaTypeOfBase64(source.data) : undefined)
  if (mediaType === undefined || mediaType === source.mediaType) return source
  return { ...source, mediaType }
}

const isWeb = (url: string): boolean => /^https?:\/\//i.test(url)

const withSource = <Media extends ImagePart | AudioPart | VideoPart>(
  part: Media,
  source: MediaSource,
): Media => {
  if (source === part.source) return part
  const { raw: _raw, ...rest } = part
  return { ...rest, source } as Media
}

type Refuse = (reason: string) => never

const refuserOf =
  (what: string, { at }: MediaPlace, { refuse }: TranslationContext): Refuse =>
  (reason) =>
    refuse(what, at, reason)

const notOurFile = 'a file lies at another provider; send its bytes or an address'

/** What pictures may be, beside what nobody can tell. */
const imageTypes: Readonly<Partial<Record<ProtocolId, readonly string[]>>> = {
  'anthropic-messages': ['image/png', 'image/jpeg', 'image/gif', 'image/webp'],
  'openai-chat': ['image/png', 'image/jpeg', 'image/gif', 'image/webp'],
  'openai-responses': ['image/png', 'image/jpeg', 'image/gif', 'image/webp'],
  gemini: ['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif'],
}

const fitImage = (part: ImagePart, place: MediaPlace, context: TranslationContext): ImagePart => {
  const refuse = refuserOf('a picture', place, context)
  const { target } = context
  const taken = capabilityAt('images', place, target)
  if (!taken.images) refuse('this model takes none')
  const source = typed(part.source)
  if (source.type === 'file') refuse(notOurFile)
  if (source.type === 'url') {
    if (!isWeb(source.url)) refuse('only web addresses can be fetched there')
    if (!taken.imageUrls) refuse('addresses are not fetched there; send its bytes')
  }
  const types = imageTypes[target.protocol] ?? []
  if (source.type === 'base64' && source.mediaType !== undefined && !types.includes(source.mediaType)) {
    refuse(`${source.mediaType} is not taken; send ${types.join(', ')}`)
  }
  return withSource(part, source)
}

const fitDocument = (
  asked: DocumentPart,
  index: number,
  place: MediaPlace,
  context: TranslationContext,
  from: ProtocolId,
): readonly Part[] => {
  const { target, warn } = context
  const refuse = refuserOf('a document', place, context)
  const part = withoutCitationWish(asked, place, context)
  if (becomesText(part, target.protocol)) {
    const text = documentAsText(part, index)
    if (text === undefined) refuse('something else than text and pictures is in it')
    return text ?? []
  }
  if (part.source.type === 'parts' || part.source.type === 'text') return [part]
  const source = typed(part.source)
  switch (source.type) {
    case 'file':
      if (!sharesFiles(from, target.protocol)) refuse(notOurFile)
      return [part]
    case 'url':
      if (!isWeb(source.url)) refuse('only web addresses can be fetched there')
      if (!fetchesDocuments(context.target)) refuse('addresses are not fetched there; send its bytes')
      break
    case 'base64':
      checkDocumentType(source.mediaType, place, context)
      break
  }
  if (source === part.source) return [part]
  if (
    source.type === 'base64' &&
    part.source.mediaType === undefined &&
    source.mediaType !== 'application/pdf'
  ) {
    warn('approximated', 'document type', place.at, `taken for ${source.mediaType ?? 'unknown'}`)
  }
  const { raw: _raw, ...rest } = part
  return [{ ...rest, source }]
}

const withoutCitationWish = (
  part: DocumentPart,
  { at }: MediaPlace,
  { target, warn }: TranslationContext,
): DocumentPart => {
  if (part.wantsCitations === undefined || target.protocol === 'anthropic-messages') return part
  if (part.wantsCitations) warn('dropped', 'document citations', at, 'no counterpart')
  const { wantsCitations: _wish, ...rest } = part
  return rest
}

/** Anthropic takes every text, Gemini plain ones, and OpenAI's protocols none. */
const becomesText = ({ source }: DocumentPart, protocol: ProtocolId): boolean => {
  switch (protocol) {
    case 'anthropic-messages':
      return false
    case 'gemini':
      return source.type === 'parts'
    case 'openai-chat':
      return (
        source.type === 'parts' ||
        source.type === 'text' ||
        (source.type === 'base64' && isTextType(essenceOf(source.mediaType)))
      )
    default:
      return source.type === 'parts' || source.type === 'text'
  }
}

/** Ids of files are the same in both of OpenAI's protocols, and bound to the credential that is used here. */
const sharesFiles = (from: ProtocolId, to: ProtocolId): boolean =>
  from.startsWith('openai-') && to.startsWith('openai-')

/** Chat has no documents by address, but for Mistral's. */
export const fetchesDocuments = ({
  protocol,
  provider,
  capabilities,
}: Pick<TranslationContext['target'], 'protocol' | 'provider' | 'capabilities'>): boolean => {
  if (protocol === 'openai-chat') return provider === 'mistral'
  return protocol !== 'gemini' || capabilities.input.imageUrls
}

const checkDocumentType = (
  mediaType: string | undefined,
  place: MediaPlace,
  context: TranslationContext,
): void => {
  const refuse = refuserOf('a document', place, context)
  const { protocol } = context.target
  const taken = capabilityAt('pdf', place, context.target)
  if (mediaType === 'application/pdf' || mediaType === undefined) {
    if (!taken.pdf) refuse('this model takes no PDF')
    return
  }
  if (/^(?:audio|video|image)\//.test(mediaType)) refuse(`${mediaType} is no document there`)
  // Responses reads office files and the like by itself.
  if (protocol !== 'openai-responses' && !isTextType(mediaType))
    refuse(`${mediaType} is not taken; send a PDF`)
}

const fitAudio = (part: AudioPart, place: MediaPlace, context: TranslationContext): Part => {
  const refuse = refuserOf('sound', place, context)
  const { target, warn } = context
  const source = typed(part.source)
  const isTaken =
    capabilityAt('audio', place, target).audio && source.type !== 'file' && fitsChat(source, target.protocol)
  if (isTaken) return withSource(part, source)
  if (part.transcript !== undefined) {
    warn('approximated', 'sound', place.at, 'its transcript goes instead')
    return { type: 'text', text: part.transcript, ...(part.at === undefined ? {} : { at: part.at }) }
  }
  if (source.type === 'file') refuse(notOurFile)
  return refuse(
    capabilityAt('audio', place, target).audio ? 'it takes wav and mp3 as bytes' : 'this model takes none',
  )
}

const fitsChat = (source: MediaSource, protocol: ProtocolId): boolean =>
  protocol !== 'openai-chat' ||
  (source.type === 'base64' && (source.mediaType === 'audio/wav' || source.mediaType === 'audio/mpeg'))

const fitVideo = (part: VideoPart, place: MediaPlace, context: TranslationContext): VideoPart => {
  const refuse = refuserOf('a video', place, context)
  const source = typed(part.source)
  if (!capabilityAt('video', place, context.target).video) refuse('this model takes none')
  if (source.type === 'file') refuse(notOurFile)
  return withSource(part, source)
}
