import { GatewayError } from '../../errors.ts'
import type { DocumentPart, ImagePart, JsonObject, MediaSource } from '../../ir/index.ts'
import { type BlockContext, encodeCacheMark } from './block-context.ts'
import { objectMember, ownMember, withRest } from './members.ts'
import { ownRest } from './own.ts'

export const encodeImage = (part: ImagePart, path: string, context: BlockContext): unknown => {
  if (context.side === 'answer' && context.isForeign) {
    context.warn('dropped', 'image', path, 'answers hold no images')
    return undefined
  }
  if ((part.detail ?? 'auto') !== 'auto') context.warn('dropped', 'image detail', path, 'no counterpart')
  const rest = ownRest(part) ?? {}
  return withRest(
    {
      type: 'image',
      source: encodeSource(
        ours(part.source, path, context),
        objectMember(rest, 'source'),
        guessed(context, imageType),
      ),
      cache_control: encodeCacheMark(part.cache, rest),
    },
    rest,
  )
}

/** @param inner the blocks of a document that consists of parts */
export const encodeDocument = (
  part: DocumentPart,
  inner: readonly unknown[],
  path: string,
  context: BlockContext,
): unknown => {
  if (context.side === 'answer' && context.isForeign) {
    context.warn('dropped', 'document', path, 'answers hold no documents')
    return undefined
  }
  const rest = ownRest(part) ?? {}
  const sourceRest = objectMember(rest, 'source')
  const isSearchResult = part.url !== undefined || ownMember(rest, 'type') === 'search_result'
  const citations =
    part.wantsCitations === undefined
      ? undefined
      : withRest({ enabled: part.wantsCitations }, objectMember(rest, 'citations'))
  const shared = {
    title: part.title,
    context: part.context,
    citations,
    cache_control: encodeCacheMark(part.cache, rest),
  }
  if (isSearchResult) {
    return withRest({ type: 'search_result', source: part.url, content: inner, ...shared }, rest)
  }
  const source =
    part.source.type === 'parts'
      ? withRest({ type: 'content', content: inner }, sourceRest)
      : part.source.type === 'text' && ownMember(sourceRest, 'type') === 'content'
        ? withRest({ type: 'content', content: part.source.text }, sourceRest)
        : encodeSource(
            plainText(ours(part.source, path, context), path, context),
            sourceRest,
            guessed(context, () => 'application/pdf'),
          )
  return withRest({ type: 'document', source, ...shared }, rest)
}

/** Names of files belong to one provider and say nothing to another. */
const ours = (source: MediaSource, path: string, context: BlockContext): MediaSource => {
  if (!context.isForeign || context.side === 'answer') return source
  if (source.type === 'file') {
    throw new GatewayError(
      'gateway_translation_unsupported',
      'a file of another provider cannot be read here',
      {
        param: path,
      },
    )
  }
  return source.mediaType === 'image/jpg' ? { ...source, mediaType: 'image/jpeg' } : source
}

/**
 * Documents in bytes are PDF; texts have a source of their own (translation.md §4.4, D4). Anything else is refused.
 */
const plainText = (source: MediaSource, path: string, context: BlockContext): MediaSource => {
  const { mediaType } = source
  if (!context.isForeign || source.type !== 'base64' || mediaType === undefined) return source
  const [essence = ''] = mediaType.split(';')
  if (essence === 'application/pdf') return { ...source, mediaType: essence }
  if (!essence.startsWith('text/') && !textTypes.has(essence)) {
    throw new GatewayError('gateway_translation_unsupported', `documents of type ${essence} are not taken`, {
      param: path,
    })
  }
  if (essence !== 'text/plain') context.warn('approximated', 'document type', path, 'sent as plain text')
  return { type: 'text', text: Buffer.from(source.data, 'base64').toString('utf8') }
}

const textTypes: ReadonlySet<string> = new Set(['application/json', 'application/xml', 'application/yaml'])

const encodeSource = (
  source: MediaSource,
  rest: JsonObject,
  guess: MediaTypeGuess,
): Record<string, unknown> => {
  switch (source.type) {
    case 'base64':
      return withRest(
        { type: 'base64', media_type: source.mediaType ?? guess(source.data), data: source.data },
        rest,
      )
    case 'url':
      return withRest({ type: 'url', url: source.url }, rest)
    case 'file':
      return withRest({ type: 'file', file_id: source.id }, rest)
    case 'text':
      return withRest({ type: 'text', media_type: 'text/plain', data: source.text }, rest)
  }
}

type MediaTypeGuess = (data: string) => string | undefined

/** Own media without a type had none; foreign ones need one. */
const guessed = (context: BlockContext, guess: MediaTypeGuess): MediaTypeGuess =>
  context.isForeign ? guess : () => undefined

/** By the first bytes; who leaves the type out mostly sends PNG. */
const imageType = (data: string): string => {
  if (data.startsWith('/9j/')) return 'image/jpeg'
  if (data.startsWith('R0lGOD')) return 'image/gif'
  if (data.startsWith('UklGR')) return 'image/webp'
  return 'image/png'
}
