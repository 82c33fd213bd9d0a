import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { ReadFile } from '../config/index.ts'
import type { StartFlags } from '../start-server.ts'
import type { CliContext } from './cli-context.ts'

/** A configuration file to be edited; `text` is undefined while it does not exist. */
export interface ConfigFile {
  readonly path: string
  readonly text: string | undefined
}

/**
 * The file that an edit goes to: the one that is read, also when it is invalid, else `tollgate.yaml` in the data
 * folder, where a server finds it wherever it is started. Throws `config_invalid` where neither can be told.
 */
export const findConfigFile = ({ actions }: CliContext, flags: StartFlags): ConfigFile => {
  const read: ConfigFile[] = []
  const recording: ReadFile = (path) => {
    const text = readText(path)
    if (text !== undefined) read.push({ path, text })
    return text
  }
  try {
    const loaded = actions.load(flags, { readFile: recording })
    const [path = join(loaded.settings.data_dir, 'tollgate.yaml')] = loaded.files
    return { path, text: readText(path) }
  } catch (error) {
    const [main] = read.filter(({ path }) => basename(path) !== 'tollgate.yml')
    if (main === undefined) throw error
    return main
  }
}

/** Files as they are, but for one that is as it would be. */
export const withFile =
  (file: string, text: string): ReadFile =>
  (path) =>
    path === file ? text : readText(path)

/** Whole or not at all. Keeps the mode of the file, and links to it; a new one is its owner's only. */
export const writeConfigFile = (path: string, text: string): void => {
  const target = existsSync(path) ? realpathSync(path) : path
  const mode = existsSync(target) ? statSync(target).mode & 0o777 : 0o600
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
  const draft = `${target}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(draft, text, { mode, flag: 'wx' })
    renameSync(draft, target)
  } finally {
    rmSync(draft, { force: true })
  }
}

const readText: ReadFile = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
