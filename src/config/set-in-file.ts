import { LineCounter, parseDocument } from 'yaml'
import { GatewayError } from '../errors.ts'
import { hideReferences } from './expand-variables.ts'
import { formatPath, type SettingPath, toPath } from './setting-path.ts'
import { spliceYaml, type YamlText } from './splice-yaml.ts'
import { syntaxReason } from './yaml-syntax.ts'

/**
 * The text with `value` (scalars, lists and sections) at `path`. Everything else keeps its bytes: comments,
 * order, alignment, quotes. Missing sections are added. Where the place cannot be edited by itself (anchors,
 * unusual layouts), the file is written anew, with its comments.
 * Throws `config_invalid` when the text is not YAML or the path leads through something that holds no keys.
 */
export const setInFile = (text: string, path: string | SettingPath, value: unknown): string => {
  const target = toPath(path)
  const file = parseFile(text)
  const wanted = withValue(file.plain, target, value)
  const matches = (candidate: string | undefined): candidate is string =>
    candidate !== undefined && Bun.deepEquals(tryParse(candidate)?.plain, wanted)
  const edited = spliceYaml(file, text, target, value)
  if (matches(edited)) return edited
  const rewritten = rewrite(file, target, value)
  if (matches(rewritten)) return rewritten
  throw new GatewayError(
    'config_invalid',
    `${formatPath(target)} cannot be set in this file; edit it by hand`,
  )
}

const parseFile = (text: string): YamlText & { readonly plain: unknown } => {
  const hidden = hideReferences(text)
  const lines = new LineCounter()
  const document = parseDocument(hidden.text, { prettyErrors: false, lineCounter: lines, logLevel: 'silent' })
  const [fault] = document.errors
  if (fault !== undefined) {
    const { line } = lines.linePos(fault.pos[0])
    throw new GatewayError('config_invalid', `line ${line} is not valid YAML: ${syntaxReason(fault.code)}`)
  }
  return {
    document,
    hidden: hidden.text,
    reveal: hidden.reveal,
    plain: revealAll(document.toJS(), hidden.reveal),
  }
}

const tryParse = (text: string): ReturnType<typeof parseFile> | undefined => {
  try {
    return parseFile(text)
  } catch {
    return undefined
  }
}

const revealAll = (value: unknown, reveal: (text: string) => string): unknown => {
  if (typeof value === 'string') return reveal(value)
  if (Array.isArray(value)) return value.map((item) => revealAll(item, reveal))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [reveal(key), revealAll(child, reveal)]),
  )
}

/** Plain data with the value set: what an edited file must say. */
const withValue = (plain: unknown, path: SettingPath, value: unknown): unknown => {
  const [segment, ...rest] = path
  if (segment === undefined) return value
  const isEmpty = plain === null || plain === undefined
  if (typeof segment === 'number') {
    const items: readonly unknown[] = Array.isArray(plain) ? plain : []
    if ((!Array.isArray(plain) && !isEmpty) || segment > items.length) throw noPlace(segment)
    return [...items.slice(0, segment), withValue(items[segment], rest, value), ...items.slice(segment + 1)]
  }
  if (!isEmpty && (typeof plain !== 'object' || Array.isArray(plain))) throw noPlace(segment)
  const entries = new Map(Object.entries(plain ?? {}))
  entries.set(segment, withValue(entries.get(segment), rest, value))
  return Object.fromEntries(entries)
}

const noPlace = (segment: string | number): GatewayError =>
  new GatewayError(
    'config_invalid',
    typeof segment === 'number'
      ? `there is no list with an item ${segment}; items are added at the end`
      : `\`${segment}\` cannot be set: what stands around it is not a section`,
  )

/** The whole file written by the YAML library: right, with comments, but in its own layout. */
const rewrite = ({ document, reveal }: YamlText, path: SettingPath, value: unknown): string | undefined => {
  try {
    document.setIn(path, value)
    return reveal(document.toString({ lineWidth: 0 }))
  } catch {
    return undefined
  }
}
