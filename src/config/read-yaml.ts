import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml'
import type { ConfigProblem } from './config-error.ts'
import type { ConfigNode, Origin, Scalar } from './config-node.ts'
import { expandVariables, hideReferences } from './expand-variables.ts'
import { printableKey } from './printable-key.ts'
import { formatPath, type SettingPath } from './setting-path.ts'
import { syntaxReason } from './yaml-syntax.ts'

export interface YamlFile {
  /** Undefined when the file is empty or not YAML. */
  readonly node: ConfigNode | undefined
  readonly problems: readonly ConfigProblem[]
}

export type Environment = Readonly<Record<string, string | undefined>>

/** More nodes than any configuration has; aliases of aliases reach it in a few lines. */
const mostNodes = 100_000

/** Reads one YAML file, with `${VAR}` expanded from `env`. Every fault has its line and column. */
export const readYaml = (text: string, file: string, env: Environment): YamlFile => {
  const hidden = hideReferences(text)
  const lines = new LineCounter()
  const at = (offset: number): Origin & { readonly type: 'file' } => {
    const { line, col } = lines.linePos(offset)
    return { type: 'file', file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  try {
    const document = parseDocument(hidden.text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      // `silent` would also keep silent about a second document.
      logLevel: 'error',
    })
    const faults = syntaxFaults(document, at)
    if (faults.length > 0) return { node: undefined, problems: faults }
    return convert(document, { env, at, reveal: hidden.reveal })
  } catch (error) {
    // The parser is recursive: a file of ten thousand brackets ends its stack.
    if (!(error instanceof RangeError)) throw error
    return {
      node: undefined,
      problems: [{ file, line: 1, column: 1, path: '', message: 'is nested too deeply' }],
    }
  }
}

/** One fault per line: the parser reports what follows from the first one as well. */
const syntaxFaults = (
  document: Document.Parsed,
  at: (offset: number) => Origin & { readonly type: 'file' },
): readonly ConfigProblem[] => {
  const byLine = new Map<number, ConfigProblem>()
  for (const fault of [...document.errors, ...document.warnings]) {
    const { file, line, column } = at(fault.pos[0])
    if (byLine.has(line)) continue
    byLine.set(line, {
      file,
      line,
      column,
      path: '',
      message: `is not valid YAML: ${syntaxReason(fault.code)}`,
    })
  }
  return [...byLine.values()]
}

interface Reading {
  readonly env: Environment
  readonly at: (offset: number) => Origin & { readonly type: 'file' }
  readonly reveal: (scalar: string) => string
}

const convert = (document: Document.Parsed, reading: Reading): YamlFile => {
  const problems: ConfigProblem[] = []
  const open = new Set<Node>()
  // The library searches the document for the anchor each time.
  const targets = new Map<Alias, Node | undefined>()
  let nodes = 0

  const targetOf = (alias: Alias): Node | undefined => {
    if (!targets.has(alias)) targets.set(alias, alias.resolve(document))
    return targets.get(alias)
  }
  const report = (origin: Origin & { readonly type: 'file' }, path: SettingPath, message: string) => {
    const { file, line, column } = origin
    problems.push({ file, line, column, path: formatPath(path), message })
  }

  const nodeOf = (
    node: Node | null | undefined,
    path: SettingPath,
    place: Origin & { readonly type: 'file' },
  ): ConfigNode | undefined => {
    nodes += 1
    if (nodes > mostNodes) {
      if (nodes === mostNodes + 1) report(place, path, `the file holds more than ${mostNodes} values`)
      return undefined
    }
    const origin = node?.range ? reading.at(node.range[0]) : place
    if (isAlias(node)) {
      const target = targetOf(node)
      if (target !== undefined && !open.has(target)) return nodeOf(target, path, origin)
      report(origin, path, target === undefined ? syntaxReason('BAD_ALIAS') : 'the alias leads to itself')
      return undefined
    }
    if (isMap(node)) {
      open.add(node)
      const entries = new Map<string, ConfigNode>()
      for (const pair of node.items) {
        const key = keyOf(pair.key, path, origin)
        if (key === undefined) continue
        const childPath = [...path, key.name]
        if (entries.has(key.name)) {
          report(key.origin, [...path, printableKey(key.name)], 'the key appears twice in this section')
        }
        const value = isNode(pair.value) ? pair.value : undefined
        const child = nodeOf(value, childPath, key.origin)
        if (child !== undefined) entries.set(key.name, { ...child, keyOrigin: key.origin })
      }
      open.delete(node)
      return { origin, literal: true, content: { type: 'map', entries } }
    }
    if (isSeq(node)) {
      open.add(node)
      const items = node.items.flatMap((item, index) => {
        const child = nodeOf(isNode(item) ? item : undefined, [...path, index], origin)
        return child === undefined ? [] : [child]
      })
      open.delete(node)
      return { origin, literal: true, content: { type: 'list', items } }
    }
    return scalarNode(isScalar(node) ? node : undefined, path, origin)
  }

  const keyOf = (key: unknown, path: SettingPath, place: Origin & { readonly type: 'file' }) => {
    const resolved = isAlias(key) ? targetOf(key) : key
    const origin = isNode(key) && key.range ? reading.at(key.range[0]) : place
    if (!isScalar(resolved) || resolved.value === null) {
      report(origin, path, 'a key must be a plain name')
      return undefined
    }
    const name = reading.reveal(typeof resolved.value === 'string' ? resolved.value : String(resolved.source))
    if (name !== '__proto__') return { name, origin }
    report(origin, path, 'the key `__proto__` is not allowed')
    return undefined
  }

  const scalarNode = (
    scalar: { readonly value: unknown; readonly type?: unknown; readonly source?: unknown } | undefined,
    path: SettingPath,
    origin: Origin & { readonly type: 'file' },
  ): ConfigNode | undefined => {
    const value = scalar?.value ?? null
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
      return { origin, literal: true, content: { type: 'scalar', value } }
    }
    const expansion = expandVariables(reading.reveal(String(value)), reading.env)
    if (expansion.type === 'undefined') {
      const names = expansion.names.map((name) => `\`${name}\``).join(', ')
      report(
        origin,
        path,
        `the environment variable ${names} is not set; set it, or write \`\${NAME:-default}\``,
      )
      return undefined
    }
    if (expansion.type === 'malformed') {
      report(
        origin,
        path,
        `\`\${\` must be followed by a variable name and \`}\`; write \`$\${\` for the characters themselves`,
      )
      return undefined
    }
    const content = { type: 'scalar', value: expansion.text } as const
    if (expansion.type === 'plain') return { origin, literal: true, content }
    const typed = scalar?.type === 'PLAIN' ? typedScalar(expansion.text) : undefined
    return { origin, literal: false, content, ...(typed !== undefined && { alternative: typed }) }
  }

  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) return { node: undefined, problems: [] }
  const node = nodeOf(root, [], reading.at(0))
  if (node?.content.type === 'map') return { node, problems }
  if (problems.length === 0) report(reading.at(0), [], 'the file must hold `key: value` lines')
  return { node: undefined, problems }
}

/** The number or boolean that YAML reads in a text; undefined for everything else. */
export const typedScalar = (text: string): Exclude<Scalar, string | null> | undefined => {
  if (!/^(?:true|True|TRUE|false|False|FALSE|[-+.\d]\S*)$/.test(text)) return undefined
  const { contents } = parseDocument(text, { logLevel: 'silent' })
  const value = isScalar(contents) ? contents.value : undefined
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

const isNode = (value: unknown): value is Node =>
  isMap(value) || isSeq(value) || isScalar(value) || isAlias(value)
