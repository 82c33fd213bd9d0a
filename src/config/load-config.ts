import type { z } from 'zod'
import { type ConfigProblem, configError } from './config-error.ts'
import { type ConfigNode, changeNode, closestNode, nodeAt, plainOf } from './config-node.ts'
import { expandPaths } from './expand-paths.ts'
import { concreteIssues, explainIssues, type Finding, locate, pathOf } from './explain-issues.ts'
import { readSources, type Sources } from './read-sources.ts'
import { expectsCollection, outlineAt } from './schema-outline.ts'
import { parsePath, type SettingPath, toPath } from './setting-path.ts'

/** What a check across settings found; the start fails on an error and prints a warning. */
export interface CheckFinding extends Finding {
  readonly level: 'error' | 'warning'
}

export interface ConfigSources<T> extends Sources {
  readonly schema: z.ZodType<T>
  /** Rules between settings; sees them once each is right by itself. */
  readonly check?: (settings: T) => readonly CheckFinding[]
}

export type SettingOrigin =
  | { readonly file: string; readonly line: number; readonly column: number }
  | `env ${string}`
  | 'flag'
  | 'default'

export interface LoadedConfig<T> {
  readonly schema: z.ZodType<T>
  /** Deeply frozen. */
  readonly settings: T
  /** Absolute paths of the files read, in rising order. */
  readonly files: readonly string[]
  /** The files read and those that would have been, had they existed: watch these. */
  readonly candidates: readonly string[]
  /** Folders whose map files count, whatever their names. */
  readonly folders: readonly string[]
  /** Who said the value at a path; for a section, where it was said first. */
  readonly origin: (path: string | SettingPath) => SettingOrigin
  readonly warnings: readonly ConfigProblem[]
}

/**
 * Reads the settings from defaults, files, environment and flags, in rising order.
 * Throws `config_invalid` ({@link configError}) with every problem found.
 */
export const loadConfig = <T>(sources: ConfigSources<T>): LoadedConfig<T> => {
  const { schema } = sources
  const said = readSources(schema, sources)
  if (said.incomplete) throw configError(inOrder(said.problems))
  const outcome = validate(chooseReadings(schema, said.tree), sources)
  const problems = [...said.problems, ...outcome.problems]
  if (outcome.settings === undefined || problems.length > 0) {
    const later = unrelated(
      problems,
      outcome.settings ? outcome.disagreements : laterDisagreements(outcome, sources),
    )
    throw configError(inOrder([...problems, ...later]))
  }
  if (outcome.disagreements.length > 0) throw configError(inOrder(outcome.disagreements))
  return {
    schema,
    settings: outcome.settings.parsed,
    files: said.files,
    candidates: said.candidates,
    folders: [],
    origin: (path) => originAt(outcome.tree, toPath(path)),
    warnings: [...said.warnings, ...outcome.warnings],
  }
}

interface Outcome<T> {
  readonly tree: ConfigNode
  /** Undefined when the schema refused. */
  readonly settings: { readonly parsed: T } | undefined
  readonly problems: readonly ConfigProblem[]
  /** The errors of the check. */
  readonly disagreements: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  readonly refused: readonly SettingPath[]
}

const validate = <T>(
  said: ConfigNode,
  { schema, check = () => [], ...folders }: ConfigSources<T>,
): Outcome<T> => {
  const first = schema.safeParse(plainOf(said))
  if (!first.success) {
    const refused = explainIssues(schema, said, first.error.issues)
    const problems = refused.map((finding) => locate(finding, schema, said))
    const paths = refused.map(({ path }) => path)
    return { tree: said, settings: undefined, problems, disagreements: [], warnings: [], refused: paths }
  }
  const { tree, findings } = expandPaths(schema, said, first.data, folders)
  const second = schema.safeParse(plainOf(tree))
  const checked = second.success ? check(second.data) : []
  const located = (level: CheckFinding['level']) =>
    checked.filter((finding) => finding.level === level).map((finding) => locate(finding, schema, tree))
  return {
    tree,
    settings: second.success ? { parsed: deepFreeze(second.data) } : undefined,
    problems: findings.map((finding) => locate(finding, schema, tree)),
    disagreements: located('error'),
    warnings: located('warning'),
    refused: [],
  }
}

/** What the check will find once the refused values are corrected: its errors for the settings without them. */
const laterDisagreements = <T>(outcome: Outcome<T>, sources: ConfigSources<T>): readonly ConfigProblem[] => {
  let { refused, tree } = outcome
  for (let round = 0; round < 4 && refused.length > 0; round += 1) {
    // Last items first, so that the indices of a list stay right.
    tree = refused.toReversed().reduce(remove, tree)
    const next = validate(tree, sources)
    if (next.settings !== undefined) return next.disagreements
    refused = next.refused
  }
  return []
}

/** Takes away what stands at the path, or what a missing key makes incomplete. */
const remove = (tree: ConfigNode, path: SettingPath): ConfigNode => {
  const there = nodeAt(tree, path) === undefined ? path.slice(0, -1) : path
  return there.length === 0 ? tree : (changeNode(tree, there, () => undefined) ?? tree)
}

/** Without the disagreements in a section with problems: they may only follow from those. */
const unrelated = (
  problems: readonly ConfigProblem[],
  disagreements: readonly ConfigProblem[],
): readonly ConfigProblem[] => {
  const sections = problems
    .map(({ path }) => pathIn(path))
    .filter((path) => path.length > 0)
    .map((path) => path.slice(0, Math.max(1, path.length - 1)))
  return disagreements.filter(({ path }) => {
    const at = pathIn(path)
    return !sections.some((section) => startsWith(at, section) || startsWith(section, at))
  })
}

/** The path of a problem; empty for the whole file, and for what had to be shortened beyond reading. */
const pathIn = (text: string): SettingPath => {
  try {
    return parsePath(text)
  } catch {
    return []
  }
}

/**
 * Where the schema refuses a value of open type, takes its other reading; drops empty sections (`routes:`
 * with nothing below).
 */
const chooseReadings = <T>(schema: z.ZodType<T>, tree: ConfigNode): ConfigNode => {
  const result = schema.safeParse(plainOf(tree))
  if (result.success) return tree
  let changes = 0
  const changed = concreteIssues(result.error.issues).reduce((current, issue) => {
    const path = pathOf(issue)
    const next = changeNode(current, path, (node) => {
      const { alternative, ...rest } = node
      const empty = node.content.type === 'scalar' && node.content.value === null
      if (alternative === undefined && !(empty && expectsCollection(outlineAt(schema, path)))) return node
      changes += 1
      return alternative === undefined
        ? undefined
        : { ...rest, content: { type: 'scalar', value: alternative } }
    })
    return next ?? current
  }, tree)
  // Every change uses up an alternative or a node, so this ends.
  return changes === 0 ? tree : chooseReadings(schema, changed)
}

const originAt = (tree: ConfigNode, path: SettingPath): SettingOrigin => {
  const exact = nodeAt(tree, path)
  const node = exact ?? closestNode(tree, path)
  const { origin } = node
  // Below a text stands what a transform made of it; beside the keys of a section stand defaults.
  if (exact === undefined && node.content.type === 'map') return 'default'
  if (origin.type === 'file') return { file: origin.file, line: origin.line, column: origin.column }
  return origin.type === 'env' ? `env ${origin.name}` : origin.type
}

const startsWith = (path: SettingPath, beginning: SettingPath): boolean =>
  beginning.every((segment, index) => path[index] === segment)

const inOrder = (problems: readonly ConfigProblem[]): readonly ConfigProblem[] =>
  problems.toSorted(
    (a, b) =>
      (a.file ?? '\uffff').localeCompare(b.file ?? '\uffff') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  )

const deepFreeze = <V>(value: V): V => {
  if (typeof value !== 'object' || value === null) return value
  for (const child of Object.values(value)) deepFreeze(child)
  return Object.freeze(value)
}
