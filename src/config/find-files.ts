import { isAbsolute, join, parse, resolve } from 'node:path'
import type { ConfigProblem } from './config-error.ts'
import { suggestion } from './nearest-name.ts'
import type { Environment } from './read-yaml.ts'
import { profiles } from './variables.ts'

/** Gives a file's text, or undefined when there is no such file. Throws when it cannot be read. */
export type ReadFile = (path: string) => string | undefined

export interface FoundFiles {
  /** In rising order, each with its text. */
  readonly files: readonly { readonly path: string; readonly text: string }[]
  /** Every file that would have been read had it existed, for watching. */
  readonly candidates: readonly string[]
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

export interface FileSearch {
  readonly env: Environment
  readonly flags: Readonly<Record<string, unknown>>
  readonly cwd: string
  readonly home: string
  readonly readFile: ReadFile
}

const fileName = 'tollgate.yaml'
const defaultDataFolder = '~/.tollgate'

/**
 * The file: `--config`, `TGW_CONFIG`, `./tollgate.yaml`, `<data_dir>/tollgate.yaml`, the first that there is.
 * Beside it, with `TGW_PROFILE`, `tollgate.<profile>.yaml`.
 */
export const findFiles = (search: FileSearch): FoundFiles => {
  const { env, flags, cwd, home, readFile } = search
  const problems: ConfigProblem[] = []
  const warnings: ConfigProblem[] = []
  const absolute = (path: string) => resolve(cwd, expandHome(path, home))
  const read = (path: string) => {
    try {
      return readFile(path)
    } catch (error) {
      problems.push({ file: path, path: '', message: `cannot be read (${reasonOf(error)})` })
      return undefined
    }
  }

  const named = textOf(flags['config']) ?? textOf(env['TGW_CONFIG'])
  const dataFolder = textOf(flags['data_dir']) ?? textOf(env['TGW_DATA_DIR']) ?? defaultDataFolder
  const places =
    named === undefined ? [join(cwd, fileName), join(absolute(dataFolder), fileName)] : [absolute(named)]
  const main = firstOf(places, read)
  if (named !== undefined && main === undefined && problems.length === 0) {
    const source = textOf(flags['config']) === undefined ? 'environment variable TGW_CONFIG' : 'flag --config'
    problems.push({ source, path: '', message: `names the file ${absolute(named)}, which does not exist` })
  }
  if (main === undefined && named === undefined) {
    const misnamed = join(cwd, 'tollgate.yml')
    const text = read(misnamed)
    if (text !== undefined)
      warnings.push({ file: misnamed, path: '', message: 'is not read; rename it to tollgate.yaml' })
  }

  const profile = textOf(env['TGW_PROFILE'])
  if (profile === undefined) return { files: main ? [main] : [], candidates: places, problems, warnings }
  if (!profiles.some((name) => name === profile)) {
    const message = `must be one of \`dev\`, \`test\`, \`live\`${suggestion(profile, profiles)}`
    problems.push({ source: 'environment variable TGW_PROFILE', path: '', message })
    return { files: main ? [main] : [], candidates: places, problems, warnings }
  }
  const overlays = (main ? [main.path] : places).map((path) => overlayOf(path, profile))
  const overlay = firstOf(overlays, read)
  if (overlay === undefined && problems.length === 0) {
    const message = `names the profile \`${profile}\`, but there is no ${overlays.join(' or ')}`
    warnings.push({ source: 'environment variable TGW_PROFILE', path: '', message })
  }
  const files = [main, overlay].filter((file) => file !== undefined)
  return { files, candidates: [...places, ...overlays], problems, warnings }
}

/** `~` and `~/…` from the home folder; anything else as it is. */
export const expandHome = (path: string, home: string): string =>
  path === '~' ? home : /^~[/\\]/.test(path) ? join(home, path.slice(2)) : path

/** Absolute, from `folder` where it is relative. */
export const resolvePath = (path: string, folder: string, home: string): string => {
  const expanded = expandHome(path, home)
  return isAbsolute(expanded) ? expanded : resolve(folder, expanded)
}

const overlayOf = (path: string, profile: string): string => {
  const { dir, name, ext } = parse(path)
  return join(dir, `${name}.${profile}${ext}`)
}

const firstOf = (paths: readonly string[], read: ReadFile) => {
  for (const path of paths) {
    const text = read(path)
    if (text !== undefined) return { path, text }
  }
  return undefined
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const reasonOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown reason'
