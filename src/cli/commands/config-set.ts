import { Command } from 'commander'
import {
  type Environment,
  formatPath,
  isConfigError,
  type LoadedConfig,
  listPaths,
  outlineAt,
  parsePath,
  type SettingPath,
  setInFile,
} from '../../config/index.ts'
import { restartNeeded, type Settings, settingsSchema } from '../../settings.ts'
import { localClient } from '../admin-client.ts'
import type { CliContext } from '../cli-context.ts'
import { type ConfigFile, findConfigFile, withFile, writeConfigFile } from '../config-file.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer, note } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { readStdin } from '../read-stdin.ts'
import { checkVault, sealKey } from '../seal-into-vault.ts'
import { type KeyToSeal, keyPlace, takeOutKeys } from '../seal-keys.ts'
import { settingPath } from '../setting-path.ts'
import { settingValue } from '../setting-value.ts'
import {
  addJsonOption,
  addPlaceOptions,
  type JsonOption,
  type PlaceOptions,
  placeFlags,
} from '../start-flags.ts'
import { takeOver } from '../take-over.ts'
import { originText, writtenAt, yamlText } from '../written-settings.ts'

type Options = PlaceOptions & JsonOption

export const configSetCommand: CommandMaker = (context, done) => {
  const command = new Command('set')
    .description(
      'change one setting in the file; comments stay, and a provider’s key goes sealed into the vault',
    )
    .argument('<path>', 'such as listen.port, routes[0].match or aliases."gpt-5.1"', settingPath)
    .argument(
      '<value>',
      'read as YAML; - reads it from standard input, so that it stays out of the shell’s history',
    )
  addJsonOption(addPlaceOptions(command)).addHelpText('after', help)
  return command.action(async (path: SettingPath, typed: string, options: Options) =>
    done(await set(context, options, path, typed === '-' ? await readStdin(context) : typed)),
  )
}

const help = `
A file that would become invalid is not written. A running server takes the change over at once where it can.

Examples:
  $ tgw config set listen.port 9000
  $ tgw config set routes '[{ match: "gpt-*", targets: [openai] }]'
  $ tgw config set providers.openai.api_key - < key.txt
`

const set = async (
  context: CliContext,
  options: Options,
  path: SettingPath,
  typed: string,
): Promise<number> => {
  const { actions } = context
  const flags = placeFlags(options)
  const file = findConfigFile(context, flags)
  const { value, keys } = takeOutKeys(path, settingValue(path, typed))
  const text = setInFile(file.text ?? '', path, value)
  const before = loadQuietly(() => actions.load(flags))
  const readFile = withFile(file.path, text)
  const after = actions.load(flags, { readFile })
  // A variable above the file would hide a wrong value until the day that it is gone.
  const hiding = variablesAt(after, path)
  if (hiding.length > 0) actions.load(flags, { readFile, env: without(context.env, hiding) })

  const { data_dir: dataDir, listen } = (before ?? after).settings
  const client = localClient(dataDir, listen.tls !== undefined)
  if (client === undefined) await checkVault(context, before?.settings, after.settings, keys)
  for (const key of keys) await sealKey(context, after.settings, client, key)
  writeConfigFile(file.path, text)
  if (client !== undefined) await takeOver(client, file, text)

  const shown = writtenAt(listPaths(after), path) ?? null
  answer(context, options, { file: file.path, value: shown, sealed: keys.map(placeOf) }, () =>
    [
      ...keys.map((key) => `sealed ${placeOf(key)} in the vault\n`),
      `wrote ${file.path}\n`,
      ...(keys.length > 0 ? [] : [yamlText(shown)]),
    ].join(''),
  )
  adviseAfter(context, { path, file, before, after, running: client !== undefined })
  return exitCodes.ok
}

const placeOf = ({ provider, label }: KeyToSeal): string => `${provider}/${label}`

/** The variables that set something at or below a path. */
const variablesAt = (config: LoadedConfig<Settings>, path: SettingPath): readonly string[] => {
  const wanted = formatPath(path)
  return listPaths(config).flatMap(({ path: text, origin }) =>
    formatPath(parsePath(text).slice(0, path.length)) === wanted &&
    typeof origin === 'string' &&
    origin.startsWith('env ')
      ? [origin.slice('env '.length)]
      : [],
  )
}

const without = (env: Environment, names: readonly string[]): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)))

interface Change {
  readonly path: SettingPath
  readonly file: ConfigFile
  readonly before: LoadedConfig<Settings> | undefined
  readonly after: LoadedConfig<Settings>
  readonly running: boolean
}

const adviseAfter = (context: CliContext, { path, file, before, after, running }: Change): void => {
  const origin = after.origin(path)
  const elsewhere = typeof origin === 'string' ? origin !== 'default' : origin.file !== file.path
  if (elsewhere)
    note(
      context,
      `note: it has no effect, since ${originText(origin)} sets it too and counts above this file`,
    )
  if (running && before !== undefined && restartNeeded(before.settings, after.settings).length > 0)
    note(context, 'note: it takes effect at the next start: `tgw stop`, then `tgw start --daemon`')
  const isSecret = outlineAt(settingsSchema, path)?.meta.secret !== undefined
  if (isSecret && keyPlace(path) === undefined && path.at(-1) !== 'api_keys')
    note(
      context,
      `note: it stands in the file in clear; a variable of the environment, written \${NAME}, keeps it out`,
    )
}

const loadQuietly = (load: () => LoadedConfig<Settings>): LoadedConfig<Settings> | undefined => {
  try {
    return load()
  } catch (error) {
    if (isConfigError(error)) return undefined
    throw error
  }
}
