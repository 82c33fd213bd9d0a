import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import type { ConfigProblem } from './config-error.ts'
import { type ConfigNode, emptyMap, mergeNodes } from './config-node.ts'
import { findFiles, type ReadFile } from './find-files.ts'
import { readFlags, readVariables } from './read-variables.ts'
import { type Environment, readYaml } from './read-yaml.ts'

export interface Sources {
  readonly env: Environment
  /** Dotted path → value, and `config` for the file. */
  readonly flags?: Readonly<Record<string, unknown>>
  /** Where `./tollgate.yaml` is looked for and relative paths of variables and flags begin. */
  readonly cwd: string
  readonly home: string
  readonly readFile?: ReadFile
}

export interface SaidBySources {
  /** Files, environment and flags merged, in rising order. */
  readonly tree: ConfigNode
  readonly files: readonly string[]
  readonly candidates: readonly string[]
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  /** A file's content is missing: the schema would only complain of what the file may well say. */
  readonly incomplete: boolean
}

/** Reads every source; throws nothing. */
export const readSources = (schema: z.core.$ZodType, sources: Sources): SaidBySources => {
  const { env, flags = {}, cwd, home, readFile = readTextFile } = sources
  const found = findFiles({ env, flags, cwd, home, readFile })
  const files = found.files.map(({ path, text }) => readYaml(text, path, env))
  const inFiles = merge(files.map(({ node }) => node))
  const inVariables = readVariables(env, schema, inFiles)
  const inFlags = readFlags(flags)
  const parts = [found, ...files, inVariables, inFlags]
  return {
    tree: merge([inFiles, inVariables.node, inFlags.node]) ?? emptyMap({ type: 'default' }),
    files: found.files.map(({ path }) => path),
    candidates: found.candidates,
    problems: parts.flatMap((part) => part.problems),
    warnings: [...found.warnings, ...inVariables.warnings, ...inFlags.warnings],
    incomplete:
      found.problems.length > 0 ||
      files.some(({ node, problems }) => node === undefined && problems.length > 0),
  }
}

const merge = (layers: readonly (ConfigNode | undefined)[]): ConfigNode | undefined =>
  layers.reduce((lower, upper) => (upper === undefined ? lower : mergeNodes(lower, upper)), undefined)

export const readTextFile: ReadFile = (path) => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    if (error instanceof TypeError) throw Object.assign(new Error('not UTF-8'), { code: 'not UTF-8' })
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
