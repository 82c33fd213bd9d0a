import {
  type ConfigProblem,
  type Environment,
  mapFilesIn,
  type NamedText,
  type ReadFile,
  readNameMap,
  readTextFile,
} from './config/index.ts'
import type { Settings } from './settings.ts'

export interface AliasSources {
  readonly settings: Pick<Settings, 'alias_files' | 'alias_folder'>
  readonly env: Environment
  readonly readFile?: ReadFile | undefined
}

export interface FoundAliases {
  /** What the files say, the last of them winning. */
  readonly entries: ReadonlyMap<string, NamedText>
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

/**
 * The aliases that stand in files of their own: those of the folder in the order of their names, then the listed ones
 * in theirs. A file that is not there has no aliases, so that it may come and go.
 */
export const readAliases = ({ settings, env, readFile = readTextFile }: AliasSources): FoundAliases => {
  const entries = new Map<string, NamedText>()
  const problems: ConfigProblem[] = []
  const warnings: ConfigProblem[] = []
  const read = (file: string, isListed: boolean): void => {
    let text: string | undefined
    try {
      text = readFile(file)
    } catch (error) {
      problems.push({ file, path: '', message: `cannot be read (${codeOf(error)})` })
      return
    }
    if (text === undefined) {
      if (isListed)
        warnings.push({ file, path: 'alias_files', message: 'does not exist, so it has no aliases' })
      return
    }
    const found = readNameMap(text, file, env)
    problems.push(...found.problems)
    for (const [name, entry] of found.entries) entries.set(name, entry)
  }
  const { alias_folder: folder, alias_files: files } = settings
  if (folder !== undefined) {
    for (const file of filesIn(folder, { problems, warnings })) read(file, false)
  }
  for (const file of files) read(file, true)
  return { entries, problems, warnings }
}

const filesIn = (
  folder: string,
  { problems, warnings }: { readonly problems: ConfigProblem[]; readonly warnings: ConfigProblem[] },
): readonly string[] => {
  try {
    return mapFilesIn(folder)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') {
      warnings.push({ file: folder, path: 'alias_folder', message: 'does not exist, so it has no aliases' })
    } else problems.push({ file: folder, path: 'alias_folder', message: `cannot be read (${code})` })
    return []
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown reason'
