import type { DocumentPart } from '../../ir/index.ts'
import type { PartContext } from './encode-parts.ts'

/** A document between markers, for what has no form of its own here (translation.md §4.4). */
export const opening = (part: DocumentPart, context: PartContext): string => {
  const attributes = [
    ['index', String(context.nextDocument())],
    ['title', part.title],
    ['source', part.url],
  ] as const
  const said = attributes.flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}="${attribute(value)}"`],
  )
  return `<document${said.join('')}>\n`
}

export const closing = '\n</document>'

/** The whole document as one text; undefined when something else than text is in it. */
export const documentText = (part: DocumentPart, context: PartContext): string | undefined => {
  const text = textOf(part)
  return text === undefined ? undefined : `${opening(part, context)}${text}${closing}`
}

const textOf = ({ source }: DocumentPart): string | undefined => {
  if (source.type === 'text') return source.text
  if (source.type !== 'parts') return undefined
  const texts = source.parts.map((part) => (part.type === 'text' ? part.text : undefined))
  return texts.every((text) => text !== undefined) ? texts.join('\n') : undefined
}

const attribute = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
