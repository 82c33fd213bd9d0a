import { type Document, isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { renderInline, renderKey, renderPair, renderValue } from './render-yaml.ts'
import type { SettingPath } from './setting-path.ts'
import {
  colonAfter,
  columnOf,
  cut,
  endOf,
  endOfItems,
  isEmptyValue,
  lineEnd,
  lineEndBefore,
  rangeOf,
  startOf,
} from './yaml-place.ts'

export interface YamlText {
  readonly document: Document.Parsed
  /** What was parsed: the text with its `${…}` hidden, every offset as in the text. */
  readonly hidden: string
  readonly reveal: (text: string) => string
}

/**
 * The text with one edit that sets `value` at `path`, or undefined where the place needs more than that. The
 * caller parses the result to see that it says what it should.
 */
export const spliceYaml = (
  yaml: YamlText,
  text: string,
  path: SettingPath,
  value: unknown,
): string | undefined => {
  const edit: Edit = { text, syntax: yaml.hidden, eol: text.includes('\r\n') ? '\r\n' : '\n' }
  let node: unknown = yaml.document.contents
  if (node === null) return appendPair(edit, path, value)
  for (const [index, segment] of path.entries()) {
    const rest = path.slice(index + 1)
    const nested = nest(rest, value)
    if (isMap(node) && typeof segment === 'string') {
      const pair: Pair | undefined = node.items.find(
        ({ key }) => isScalar(key) && yaml.reveal(String(key.value)) === segment,
      )
      if (pair === undefined) return insertPair(edit, node, segment, nested)
      if (isEmptyValue(pair)) return fillPair(edit, pair, node, nested)
      if (rest.length === 0) return replaceValue(edit, pair, node, nested)
      node = pair.value
    } else if (isSeq(node) && typeof segment === 'number') {
      const item: unknown = node.items[segment]
      if (item === undefined) return appendItem(edit, node, nested)
      if (rest.length === 0) return replaceNode(edit, item, renderInline(nested))
      node = item
    } else return undefined
  }
  return undefined
}

/** A value wrapped in the sections and lists that lead to it. */
export const nest = (path: SettingPath, value: unknown): unknown =>
  path.reduceRight<unknown>(
    (inner, segment) => (typeof segment === 'number' ? [inner] : { [segment]: inner }),
    value,
  )

interface Edit {
  readonly text: string
  /** Where to look for syntax. */
  readonly syntax: string
  readonly eol: string
}

const appendPair = ({ text, eol }: Edit, path: SettingPath, value: unknown): string | undefined => {
  const [key, ...rest] = path
  if (typeof key !== 'string') return undefined
  const gap = text === '' || text.endsWith('\n') ? '' : eol
  return `${text}${gap}${renderPair(key, nest(rest, value), '', eol)}${eol}`
}

const insertPair = (edit: Edit, map: YAMLMap, key: string, value: unknown): string | undefined => {
  if (map.flow) return insertInFlow(edit, map, `${renderKey(key)}: ${renderInline(value)}`, ' ')
  const first = startOf(map.items[0])
  if (first === undefined) return undefined
  return insertLines(
    edit,
    endOfItems(edit.syntax, map),
    renderPair(key, value, indentAt(edit, first), edit.eol),
  )
}

/** Gives `key:` a value; a section goes on the lines below it. */
const fillPair = (edit: Edit, pair: Pair, map: YAMLMap, value: unknown): string | undefined => {
  const colon = colonAfter(edit.syntax, pair)
  const start = startOf(pair)
  if (colon === undefined || start === undefined) return undefined
  if (map.flow) return cut(edit.text, colon, colon, ` ${renderInline(value)}`)
  const [first = '', ...below] = renderPair('_', value, indentAt(edit, start), edit.eol).split(edit.eol)
  const filled = cut(edit.text, colon, colon, first.slice(first.indexOf(':') + 1))
  return below.length === 0 ? filled : insertLines({ ...edit, text: filled }, colon, below.join(edit.eol))
}

const replaceValue = (edit: Edit, pair: Pair, map: YAMLMap, value: unknown): string | undefined => {
  const rendered = map.flow ? renderInline(value) : renderValue(value)
  const old = pair.value
  if (!((isMap(old) || isSeq(old)) && !old.flow)) return replaceNode(edit, old, rendered)
  const colon = colonAfter(edit.syntax, pair)
  const start = startOf(old)
  const end = endOf(edit.syntax, old)
  if (colon === undefined || start === undefined || end === undefined) return undefined
  const without = cut(edit.text, lineEndBefore(edit.text, start), lineEnd(edit.text, end), '')
  return cut(without, colon, colon, ` ${rendered}`)
}

const replaceNode = (edit: Edit, old: unknown, rendered: string): string | undefined => {
  const range = rangeOf(old)
  if (range === undefined || ((isMap(old) || isSeq(old)) && !old.flow)) return undefined
  const [start, end] = range
  // A block text (`|`) ends with its line.
  return cut(edit.text, start, edit.text[end - 1] === '\n' ? lineEnd(edit.text, end) : end, rendered)
}

const appendItem = (edit: Edit, list: YAMLSeq, value: unknown): string | undefined => {
  if (list.flow) return insertInFlow(edit, list, renderInline(value), '')
  const first = startOf(list)
  if (first === undefined) return undefined
  return insertLines(edit, endOfItems(edit.syntax, list), `${indentAt(edit, first)}- ${renderValue(value)}`)
}

const insertInFlow = (
  edit: Edit,
  node: YAMLMap | YAMLSeq,
  item: string,
  padding: string,
): string | undefined => {
  const range = rangeOf(node)
  const end = endOfItems(edit.syntax, node)
  if (range === undefined) return undefined
  if (end !== undefined) return cut(edit.text, end, end, `, ${item}`)
  return cut(edit.text, range[0] + 1, range[1] - 1, `${padding}${item}${padding}`)
}

const insertLines = (edit: Edit, after: number | undefined, lines: string): string | undefined => {
  if (after === undefined) return undefined
  const at = lineEnd(edit.text, after)
  return cut(edit.text, at, at, `${edit.eol}${lines}`)
}

const indentAt = (edit: Edit, offset: number): string => ' '.repeat(columnOf(edit.text, offset))
