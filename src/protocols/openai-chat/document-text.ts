import type { DocumentPart, ImagePart, Part } from '../../ir/index.ts'

/**
 * A document between markers, for what has no form of its own here (translation.md §4.4): one text, or texts around the
 * images in it. Undefined when there is something else in it.
 * @param index numbers the documents of the request, from 1
 */
export const documentParts = (part: DocumentPart, index: number): readonly Part[] | undefined => {
  const content = contentOf(part)
  if (content === undefined) return undefined
  const parts: Part[] = []
  let text = opening(part, index)
  let isFirst = true
  for (const each of content) {
    if (typeof each === 'string') {
      text += isFirst ? each : `\n${each}`
      isFirst = false
      continue
    }
    // A picture stands on a line of its own, which needs no break after the marker.
    parts.push({ type: 'text', text: isFirst && text !== '' ? text.slice(0, -1) : text }, each)
    text = ''
    isFirst = true
  }
  const { cache, at } = part
  const end = { ...(cache === undefined ? {} : { cache }), ...(at === undefined ? {} : { at }) }
  return [
    ...parts.filter((each) => each.type !== 'text' || each.text !== ''),
    { type: 'text', text: text === '' ? '</document>' : `${text}\n</document>`, ...end },
  ]
}

const opening = (part: DocumentPart, index: number): string => {
  const attributes = [
    ['index', String(index)],
    ['title', part.title],
    ['source', part.url],
    ['context', part.context],
  ] as const
  const said = attributes.flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}="${attribute(value)}"`],
  )
  return `<document${said.join('')}>\n`
}

const contentOf = ({ source }: DocumentPart): readonly (string | ImagePart)[] | undefined => {
  if (source.type === 'text') return [source.text]
  if (source.type === 'base64') return isText(source.mediaType) ? [decoded(source.data)] : undefined
  if (source.type !== 'parts') return undefined
  const content: (string | ImagePart)[] = []
  for (const part of source.parts) {
    if (part.type === 'text') content.push(part.text)
    else if (part.type === 'image') content.push(part)
    else return undefined
  }
  return content
}

const isText = (mediaType = ''): boolean => mediaType.startsWith('text/') || textTypes.has(mediaType)

const textTypes: ReadonlySet<string> = new Set(['application/json', 'application/xml', 'application/yaml'])

const decoded = (data: string): string => Buffer.from(data, 'base64').toString('utf8')

const attribute = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
