import { rmSync } from 'node:fs'
import { Command } from 'commander'
import { parseVaultReference } from '../../accounts/index.ts'
import {
  isConfigError,
  type LoadedConfig,
  listPaths,
  outlineAt,
  type SettingPath,
  setInFile,
} from '../../config/index.ts'
import { GatewayError } from '../../errors.ts'
import { providerKeys } from '../../providers/index.ts'
import { restartNeeded, type Settings, settingsSchema } from '../../settings.ts'
import { type AdminClient, localClient } from '../admin-client.ts'
import type { CliContext } from '../cli-context.ts'
import { type ConfigFile, findConfigFile, withFile, writeConfigFile } from '../config-file.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer, errorText, note } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { providerOrigin } from '../provider-address.ts'
import { readStdin } from '../read-stdin.ts'
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
import { vaultFault } from '../vault-fault.ts'
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
  const after = actions.load(flags, withFile(file.path, text))

  const { data_dir: dataDir, listen } = (before ?? after).settings
  const client = localClient(dataDir, listen.tls !== undefined)
  if (client === undefined) await checkVault(context, before?.settings, after.settings, keys)
  for (const key of keys) await seal(context, after.settings, client, key)
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

const seal = async (
  { actions }: CliContext,
  settings: Settings,
  client: AdminClient | undefined,
  { provider, label, secret }: KeyToSeal,
): Promise<void> => {
  const configured = settings.providers[provider]
  const origin = configured === undefined ? undefined : providerOrigin(configured)
  if (origin === undefined) {
    throw new GatewayError(
      'config_invalid',
      `providers.${provider} has no address to bind its key to: set its base_url first`,
    )
  }
  const credential = { provider, label, secret, origin }
  if (client === undefined) await actions.sealOffline(settings, credential)
  else await client.call('POST', '/credentials', credential)
}

/** What a server would refuse at its start: a key of the vault that is missing, or bound to another address. */
const checkVault = async (
  { actions }: CliContext,
  before: Settings | undefined,
  settings: Settings,
  keys: readonly KeyToSeal[],
): Promise<void> => {
  const named = Object.entries(settings.providers).filter(([, provider]) =>
    providerKeys(provider).some((key) => parseVaultReference(key) !== undefined),
  )
  if (named.length === 0) return
  const held = await actions.listSealed(settings)
  const coming = keys.flatMap(({ provider, label }) => {
    const configured = settings.providers[provider]
    const origin = configured === undefined ? undefined : providerOrigin(configured)
    return origin === undefined ? [] : [{ provider, label, origin, state: 'ok' }]
  })
  for (const [name, provider] of named) {
    const fault = vaultFault(provider, [...coming, ...held])
    const old = before?.providers[name]
    // What was wrong before keeps nobody from changing something else.
    if (fault === undefined || (old !== undefined && vaultFault(old, held) === fault)) continue
    throw new GatewayError(
      'config_invalid',
      `providers.${name}: ${fault}, so nothing was written: give address and key together, as \`tgw config set providers.${name} '{ base_url: …, api_key: … }'\``,
    )
  }
}

/**
 * Lets the server read its files anew. What it refuses although the file is valid by itself (a key of the vault that
 * is bound to another address) would keep it from starting, so the file becomes again what it was, unless that was
 * refused as well.
 */
const takeOver = async (
  client: AdminClient,
  { path, text: old }: ConfigFile,
  text: string,
): Promise<void> => {
  const refusal = await reload(client)
  if (refusal === undefined) return
  if (old === undefined) rmSync(path, { force: true })
  else writeConfigFile(path, old)
  if ((await reload(client)) === undefined) {
    throw new GatewayError(
      'config_invalid',
      `the running server refuses this, so the file stays as it was: ${refusal.message}`,
    )
  }
  writeConfigFile(path, text)
  throw new GatewayError(
    'config_invalid',
    `written, but the running server refuses its configuration: ${refusal.message}`,
  )
}

const reload = async (client: AdminClient): Promise<GatewayError | undefined> => {
  try {
    await client.call('POST', '/config/reload')
    return undefined
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'config_invalid') return error
    throw new GatewayError(
      'start_failed',
      `written, but the running server did not take it over: ${errorText(error)}`,
    )
  }
}

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
