import type { DocumentPart, Part } from '../../ir/index.ts'

/**
 * A document's text between markers, for a target without documents (translation.md §4.4). A pure function of the part;
 * undefined when there is something else than text in it.
 */
export const documentText = (part: DocumentPart): string | undefined => {
  const text = textOf(part)
  if (text === undefined) return undefined
  const title = part.title === undefined ? '' : ` title="${attribute(part.title)}"`
  return `<document${title}>\n${text}\n</document>`
}

const textOf = ({ source }: DocumentPart): string | undefined => {
  if (source.type === 'text') return source.text
  if (source.type !== 'parts') return undefined
  const texts = source.parts.map((part: Part) => (part.type === 'text' ? part.text : undefined))
  return texts.every((text) => text !== undefined) ? texts.join('\n') : undefined
}

const attribute = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
