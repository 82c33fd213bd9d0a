import { z } from 'zod'
import type { ConfigProblem } from './config-error.ts'
import { type ConfigNode, mergeNodes, nodeAt, nodeAtPath, type Origin } from './config-node.ts'
import { suggestion } from './nearest-name.ts'
import { readForeignVariables } from './read-foreign-variables.ts'
import type { Environment } from './read-yaml.ts'
import { sourceName, textNode, valueNode } from './said-value.ts'
import { alternativesOf, keysOf, outlineAt } from './schema-outline.ts'
import { parsePath, type SettingPath } from './setting-path.ts'
import { variables } from './variables.ts'

export interface SaidSettings {
  readonly node: ConfigNode | undefined
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

type Schema = z.core.$ZodType

/**
 * The settings in the environment, in rising order: variables of other gateways, `TGW_PORT` and its like,
 * `TGW_SECTION__KEY`. An empty variable counts as not set. `base` is what the files say: its names give
 * `TGW_PROVIDERS__MY_VLLM__…` the name `my-vllm`.
 */
export const readVariables = (
  env: Environment,
  schema: Schema,
  base: ConfigNode | undefined,
): SaidSettings => {
  const foreign = readForeignVariables(env)
  const warnings: ConfigProblem[] = [...foreign.warnings]
  const named: ConfigNode[] = []
  const generic: ConfigNode[] = []
  for (const name of Object.keys(env).sort()) {
    const text = env[name]
    if (!name.startsWith('TGW_') || text === undefined || text === '') continue
    const origin: Origin = { type: 'env', name }
    const warn = (message: string) => warnings.push({ source: sourceName(origin), path: '', message })
    const known = variables.find((variable) => variable.name === name)
    if (isServiceLink(name, text)) {
      if (known)
        warn('describes a Kubernetes service and is ignored; set `enableServiceLinks: false` in the pod')
      continue
    }
    if (known !== undefined) {
      named.push(...known.sets.map((path) => nodeAtPath(parsePath(path).map(String), textNode(text, origin))))
      continue
    }
    const path = pathOf(name, schema, base)
    if (path === undefined) warn(`is not known and is ignored${suggestion(name, namesOf(schema))}`)
    else generic.push(nodeAtPath(path, textNode(text, origin)))
  }
  const layers = [...foreign.layers, ...named, ...generic]
  const node = layers.reduce<ConfigNode | undefined>((lower, upper) => mergeNodes(lower, upper), undefined)
  return { node, problems: foreign.problems, warnings }
}

/**
 * Flags: dotted path → value. A text is read like that of a variable. `config` names the file and is left out,
 * and so is what is undefined.
 */
export const readFlags = (flags: Readonly<Record<string, unknown>>): SaidSettings => {
  const problems: ConfigProblem[] = []
  let node: ConfigNode | undefined
  for (const [name, value] of Object.entries(flags)) {
    if (name === 'config' || value === undefined) continue
    const origin: Origin = { type: 'flag', name }
    const path = readablePath(name)
    if (path === undefined) {
      const message = 'must be a dotted path such as `listen.port`; a list is set as a whole'
      problems.push({ source: 'flags', path: '', message })
      continue
    }
    const said = typeof value === 'string' ? textNode(value, origin) : valueNode(value, origin)
    node = mergeNodes(node, nodeAtPath(path, said))
  }
  return { node, problems, warnings: [] }
}

const readablePath = (name: string): readonly string[] | undefined => {
  try {
    const path = parsePath(name)
    return path.every((key) => typeof key === 'string' && key !== '__proto__') ? path.map(String) : undefined
  } catch {
    return undefined
  }
}

/** `TGW_LISTEN__PORT` → listen, port. Undefined for a single name that is no top-level setting. */
const pathOf = (
  name: string,
  schema: Schema,
  base: ConfigNode | undefined,
): readonly string[] | undefined => {
  const segments = name.slice('TGW_'.length).split('__')
  const path: string[] = []
  for (const segment of segments) path.push(knownKey(segment, path, schema, base) ?? segment.toLowerCase())
  if (path.includes('')) return undefined
  return segments.length > 1 || outlineAt(schema, path) !== undefined ? path : undefined
}

/** The key of the schema, or of a record in the files, that differs at most by case and `-` for `_`. */
const knownKey = (
  segment: string,
  path: SettingPath,
  schema: Schema,
  base: ConfigNode | undefined,
): string | undefined => {
  const outline = outlineAt(schema, path)
  if (outline === undefined) return undefined
  const content = base === undefined ? undefined : nodeAt(base, path)?.content
  const isRecord = alternativesOf(outline.schema).some((option) => option instanceof z.ZodRecord)
  const candidates = isRecord && content?.type === 'map' ? content.entries.keys() : keysOf(outline.schema)
  return [...candidates].find((key) => fold(key) === fold(segment))
}

const fold = (name: string): string => name.toLowerCase().replaceAll('-', '_')

/** Kubernetes describes a service named `tgw` to its pods: `TGW_PORT=tcp://10.0.0.1:80`, `TGW_SERVICE_HOST`. */
const isServiceLink = (name: string, text: string): boolean =>
  (/^TGW_PORT(?:_\d+_(?:TCP|UDP))?$/.test(name) && /^(?:tcp|udp):\/\//.test(text)) ||
  /^TGW_(?:SERVICE_(?:HOST|PORT)|PORT_\d+_(?:TCP|UDP)_)/.test(name)

const namesOf = (schema: Schema): readonly string[] => [
  ...variables.map((variable) => variable.name),
  ...keysOf(schema).map((key) => `TGW_${key.toUpperCase()}`),
]
