import type { DocumentPart, Part } from '../../ir/index.ts'

/**
 * The one template by which a document becomes text where the target has no documents of its kind (translation.md
 * §4.4). `index` counts the documents of the request from 1; only what the document says of itself is written.
 */
export const documentTemplate = '<document index="1" title="…" source="…" context="…">\n…\n</document>'

/** Texts around the pictures in it, which stay pictures. Nothing but the document and its number decides the bytes. */
export const documentAsText = (part: DocumentPart, index: number): readonly Part[] | undefined => {
  const content = contentOf(part)
  if (content === undefined) return undefined
  const { cache, at } = part
  const place = at === undefined ? {} : { at }
  const parts: Part[] = []
  let lines = [openingOf(part, index)]
  for (const each of content) {
    if (typeof each === 'string') lines.push(each)
    else {
      if (lines.length > 0) parts.push({ type: 'text', text: lines.join('\n'), ...place })
      parts.push(each)
      lines = []
    }
  }
  const text = [...lines, '</document>'].join('\n')
  return [...parts, { type: 'text', text, ...place, ...(cache === undefined ? {} : { cache }) }]
}

const openingOf = (part: DocumentPart, index: number): string => {
  const attributes: readonly (readonly [string, string | undefined])[] = [
    ['index', String(index)],
    ['title', part.title],
    ['source', part.url],
    ['context', part.context],
  ]
  const said = attributes.map(([name, value]) => (value === undefined ? '' : ` ${name}="${escaped(value)}"`))
  return `<document${said.join('')}>`
}

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')

/** Undefined when something else than texts and pictures is in it. */
const contentOf = ({ source }: DocumentPart): readonly (string | Part)[] | undefined => {
  switch (source.type) {
    case 'text':
      return [source.text]
    case 'base64':
      return isTextType(source.mediaType) ? [Buffer.from(source.data, 'base64').toString('utf8')] : undefined
    case 'parts': {
      const content: (string | Part)[] = []
      for (const part of source.parts) {
        if (part.type === 'text') content.push(part.text)
        else if (part.type === 'image') content.push(part)
        else return undefined
      }
      return content
    }
    default:
      return undefined
  }
}

/** Is it a text that happens to come in base64? */
export const isTextType = (mediaType: string | undefined): boolean =>
  mediaType !== undefined && (mediaType.startsWith('text/') || textTypes.has(mediaType.split(';')[0] ?? ''))

const textTypes: ReadonlySet<string> = new Set([
  'application/json',
  'application/xml',
  'application/yaml',
  'application/x-yaml',
  'application/javascript',
  'application/x-ndjson',
])
