import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml'
import { configError, syntaxReason } from '../config/index.ts'
import type { SourceNode } from './source-node.ts'

export interface YamlSource {
  readonly root: SourceNode
  /** Lines on which a key is said a second time; the last one counts, as in the gateways that read such files. */
  readonly repeated: readonly number[]
}

/** More values than any configuration has; aliases of aliases reach it in a few lines. */
const mostNodes = 100_000

/**
 * Reads YAML as those gateways' own parsers do: YAML 1.1 with merge keys (`<<`), anchors, and the last of two equal
 * keys. Throws `config_invalid` with file, line and reason, never with text of the file: it may hold a secret.
 */
export const readYamlSource = (text: string, file: string): YamlSource => {
  const lines = new LineCounter()
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line)
  const refuse = (line: number, message: string) => configError([{ file, line, path: '', message }])
  try {
    const document = parseDocument(text.replace(/^\uFEFF/, ''), {
      version: '1.1',
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    })
    const [fault] = document.errors
    if (fault !== undefined) {
      throw refuse(lineAt(fault.pos[0]), `is not valid YAML: ${syntaxReason(fault.code)}`)
    }
    return convert(document, lineAt, refuse)
  } catch (error) {
    // The parser is recursive: a file of ten thousand brackets ends its stack.
    if (error instanceof RangeError) throw refuse(1, 'is nested too deeply')
    throw error
  }
}

const convert = (
  document: Document.Parsed,
  lineAt: (offset: number) => number,
  refuse: (line: number, message: string) => Error,
): YamlSource => {
  const repeated: number[] = []
  const open = new Set<Node>()
  let nodes = 0

  const nodeOf = (node: unknown, line: number): SourceNode => {
    nodes += 1
    if (nodes > mostNodes) throw refuse(line, `the file holds more than ${mostNodes} values`)
    if (isAlias(node)) {
      const target = node.resolve(document)
      if (target === undefined || open.has(target)) throw refuse(line, syntaxReason('BAD_ALIAS'))
      return { ...nodeOf(target, line), line }
    }
    const at = rangeStart(node)
    const own = at === undefined ? line : lineAt(at)
    if (isMap(node)) {
      open.add(node)
      const entries = new Map<string, SourceNode>()
      const merged: SourceNode[] = []
      for (const pair of node.items) {
        const key = keyOf(pair)
        if (key === undefined) throw refuse(own, syntaxReason('NON_STRING_KEY'))
        const keyLine = lineAt(rangeStart(pair.key) ?? at ?? 0)
        const child = { ...nodeOf(pair.value, keyLine), line: keyLine }
        if (key === '<<') merged.push(child)
        else {
          if (entries.has(key)) repeated.push(keyLine)
          entries.set(key, child)
        }
      }
      open.delete(node)
      for (const source of merged) mergeInto(entries, source)
      return { line: own, content: { type: 'map', entries } }
    }
    if (isSeq(node)) {
      open.add(node)
      const items = node.items.map((item) => nodeOf(item, own))
      open.delete(node)
      return { line: own, content: { type: 'list', items } }
    }
    const value: unknown = isScalar(node) ? node.value : null
    const plain =
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
    const written =
      isScalar(node) && typeof value === 'number' ? (node.source ?? String(value)) : String(plain)
    return { line: own, content: { type: 'scalar', value: plain, text: plain === null ? '' : written } }
  }

  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) {
    return { root: { line: 1, content: { type: 'map', entries: new Map() } }, repeated }
  }
  const read = nodeOf(root, 1)
  if (read.content.type !== 'map') throw refuse(read.line, 'the file must hold `key: value` lines')
  return { root: read, repeated }
}

const keyOf = ({ key }: Pair): string | undefined => {
  if (!isScalar(key) || key.value === null || typeof key.value === 'object') return undefined
  return typeof key.value === 'string' ? key.value : String(key.source ?? key.value)
}

/** What a section says itself is stronger; of several merged ones the first. */
const mergeInto = (entries: Map<string, SourceNode>, { content }: SourceNode): void => {
  if (content.type === 'list') for (const item of content.items) mergeInto(entries, item)
  if (content.type !== 'map') return
  for (const [key, node] of content.entries) if (!entries.has(key)) entries.set(key, node)
}

const rangeStart = (node: unknown): number | undefined =>
  isMap(node) || isSeq(node) || isScalar(node) ? node.range?.[0] : undefined
