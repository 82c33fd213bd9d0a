import type { ConfigProblem } from './config-error.ts'
import { type ConfigNode, nodeAtPath, type Origin } from './config-node.ts'
import { foreignVariables } from './foreign-variables.ts'
import type { Environment } from './read-yaml.ts'
import { sourceName, valueNode } from './said-value.ts'
import { parsePath } from './setting-path.ts'

export interface ForeignReading {
  /** In rising order. */
  readonly layers: readonly ConfigNode[]
  readonly problems: readonly ConfigProblem[]
  /** One per variable, read or not: nothing of another gateway is taken or dropped in silence. */
  readonly warnings: readonly ConfigProblem[]
}

/** The settings in the variables of other gateways. */
export const readForeignVariables = (env: Environment): ForeignReading => {
  const layers: ConfigNode[] = []
  const problems: ConfigProblem[] = []
  const warnings: ConfigProblem[] = []
  const lists = new Map<string, readonly unknown[]>()
  const known = new Set<string>()
  for (const { name, sets, read, joins } of foreignVariables) {
    known.add(name)
    const text = env[name]
    if (text === undefined || text === '') continue
    const origin: Origin = { type: 'env', name }
    const value = read(text)
    if (value === undefined) {
      problems.push({
        source: sourceName(origin),
        path: sets[0] ?? '',
        message: 'has a form that cannot be read',
      })
      continue
    }
    warnings.push({ source: sourceName(origin), path: '', message: `is read as ${quoted(sets)}` })
    for (const path of sets) {
      const whole = joins && Array.isArray(value) ? [...(lists.get(path) ?? []), ...value] : value
      if (joins && Array.isArray(whole)) lists.set(path, whole)
      layers.push(nodeAtPath(parsePath(path).map(String), valueNode(whole, origin)))
    }
  }
  for (const name of Object.keys(env).sort()) {
    const text = env[name]
    if (!name.startsWith('TOKLIGENCE_') || known.has(name) || text === undefined || text === '') continue
    const message = 'has no counterpart here and is ignored'
    warnings.push({ source: sourceName({ type: 'env', name }), path: '', message })
  }
  return { layers, problems, warnings }
}

const quoted = (paths: readonly string[]): string => paths.map((path) => `\`${path}\``).join(' and ')
