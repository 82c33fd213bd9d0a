import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Argument, Command } from 'commander'
import { formatVaultReference } from '../../accounts/index.ts'
import {
  type ConfigProblem,
  configError,
  formatProblem,
  isConfigError,
  type LoadedConfig,
} from '../../config/index.ts'
import { GatewayError } from '../../errors.ts'
import {
  converters,
  type Draft,
  type FoundKey,
  fitToSchema,
  type ImportFormat,
  importFormats,
  settingsText,
  variablesIn,
  writeDraft,
} from '../../imports/index.ts'
import type { Settings } from '../../settings.ts'
import { type AdminClient, localClient } from '../admin-client.ts'
import type { CliContext } from '../cli-context.ts'
import { type ConfigFile, findConfigFile, withFile, writeConfigFile } from '../config-file.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { sealKey } from '../seal-into-vault.ts'
import {
  addJsonOption,
  addPlaceOptions,
  type JsonOption,
  type PlaceOptions,
  placeFlags,
} from '../start-flags.ts'
import { takeOver } from '../take-over.ts'

interface Options extends PlaceOptions, JsonOption {
  readonly apply?: true
  readonly force?: true
  readonly seal?: true
}

export const importCommand: CommandMaker = (context, done) => {
  const command = new Command('import')
    .description(
      'turn the configuration of another gateway into a tollgate.yaml; shows it, and writes with --apply',
    )
    .addArgument(new Argument('<format>', 'whose file it is').choices(importFormats))
    .argument('<file>', 'the file of that gateway: INI of Tokligence, YAML of Tkngate and LiteLLM')
    .option('--apply', 'write the file; without it nothing is changed anywhere')
    .option('--force', 'overwrite a configuration that exists')
    .option('--seal', 'with --apply: seal keys that stand in the file also while no server runs')
  addJsonOption(addPlaceOptions(command)).addHelpText('after', help)
  return command.action(async (name: string, file: string, options: Options) => {
    const format = importFormats.find((known) => known === name)
    if (format === undefined) throw new GatewayError('gateway_request_invalid', 'the format is not known')
    done(await run(context, format, file, options))
  })
}

const help = `
Keys that stand in the file are never shown. A running server seals them in its vault; else the settings name a variable
for each. What cannot be carried over is listed at the end, with the line that says it.

Examples:
  $ tgw import litellm ./config.yaml
  $ tgw import litellm ./config.yaml --apply
  $ tgw import tokligence ./config/live/gateway.ini --json
`

const run = async (
  context: CliContext,
  format: ImportFormat,
  file: string,
  options: Options,
): Promise<number> => {
  const source = resolve(context.cwd, file)
  const draft = converters[format](readSource(source), source)
  const target = targetFile(context, options)
  const check = (text: string) => loadAsWritten(context, options, target, text, draft)
  const faults = fitToSchema(draft, () => problemsOf(target, () => check(settingsText(draft.settings))))
  if (faults.length > 0) throw configError(faults)

  if (options.apply !== true) {
    const text = writeDraft(draft, { format, file })
    const { warnings } = check(text)
    answer(context, options, report(draft, { text, file: null, sealed: [], warnings }), () =>
      [text, ...warnings.map((warning) => `# warning: ${warning.path}: ${warning.message}\n`)].join(''),
    )
    return exitCodes.ok
  }
  if (target.text !== undefined && options.force !== true) {
    throw new GatewayError(
      'conflict',
      `${target.path} exists already: overwrite it with --force, or write another with --config`,
    )
  }
  const { settings } = check(settingsText(draft.settings))
  const client = localClient(settings.data_dir, settings.listen.tls !== undefined)
  const sealed =
    client === undefined && options.seal !== true
      ? []
      : await sealAll(context, { draft, format, settings, client })
  const text = writeDraft(draft, { format, file })
  const { warnings } = check(text)
  writeConfigFile(target.path, text)
  if (client !== undefined) await takeOver(client, target, text)
  answer(context, options, report(draft, { text, file: target.path, sealed, warnings }), () =>
    applied(draft, context, target.path, text, sealed),
  )
  return exitCodes.ok
}

const largest = 10 * 1024 * 1024

const readSource = (path: string): string => {
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new GatewayError('not_found', `there is no file ${path}`)
  }
  if (statSync(path).size > largest)
    throw new GatewayError('gateway_request_invalid', `${path} is larger than 10 MB`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw configError([{ file: path, path: '', message: 'is no UTF-8 text' }])
  }
}

/** The file that a server would read; a named one need not exist yet. */
const targetFile = (context: CliContext, options: Options): ConfigFile => {
  const named = options.config ?? context.env['TGW_CONFIG'] ?? ''
  if (named === '') return findConfigFile(context, placeFlags(options))
  const path = resolve(context.cwd, named)
  return { path, text: existsSync(path) ? readFileSync(path, 'utf8') : undefined }
}

const loadAsWritten = (
  { actions, env }: CliContext,
  options: Options,
  { path }: ConfigFile,
  text: string,
  draft: Draft,
): LoadedConfig<Settings> => {
  const missing = draft.variables().filter(({ name }) => (env[name] ?? '') === '')
  return actions.load(placeFlags({ ...options, config: path }), {
    readFile: withFile(path, text),
    env: { ...env, ...Object.fromEntries(missing.map(({ name, example }) => [name, example])) },
  })
}

/** Only those of the new file: what is wrong elsewhere cannot be mended here. */
const problemsOf = ({ path }: ConfigFile, load: () => unknown): readonly ConfigProblem[] => {
  try {
    load()
    return []
  } catch (error) {
    if (!isConfigError(error) || error.problems.some(({ file }) => file !== undefined && file !== path))
      throw error
    return error.problems
  }
}

interface Sealing {
  readonly draft: Draft
  readonly format: ImportFormat
  readonly settings: Settings
  readonly client: AdminClient | undefined
}

/** Puts names of the vault in the place of the variables. A key is bound to its address, so that must be known. */
const sealAll = async (
  context: CliContext,
  { draft, format, settings, client }: Sealing,
): Promise<readonly string[]> => {
  const sealed: string[] = []
  for (const { provider, secret } of draft.keys) {
    const section = providerSection(draft, provider)
    if (section === undefined || isAddressUnknown(context, section['base_url'])) continue
    const reference = { provider, label: format }
    await sealKey(context, settings, client, { ...reference, secret })
    section['api_key'] = formatVaultReference(reference)
    sealed.push(`${provider}/${format}`)
  }
  return sealed
}

const providerSection = (draft: Draft, name: FoundKey['provider']): Record<string, unknown> | undefined => {
  const { providers } = draft.settings
  if (!isSection(providers)) return undefined
  const section = providers[name]
  return isSection(section) && 'api_key' in section ? section : undefined
}

const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isAddressUnknown = ({ env }: CliContext, address: unknown): boolean =>
  typeof address === 'string' &&
  [...address.matchAll(/\$\{([A-Za-z_]\w*)\}/g)].some(([, name = '']) => (env[name] ?? '') === '')

interface Outcome {
  readonly text: string
  readonly file: string | null
  readonly sealed: readonly string[]
  readonly warnings: readonly ConfigProblem[]
}

const report = (draft: Draft, { text, file, sealed, warnings }: Outcome): unknown => {
  const notes = draft.notes()
  const told = (outcome: string) =>
    notes.filter((note) => note.outcome === outcome).map(({ outcome: _outcome, ...note }) => note)
  return {
    file,
    yaml: text,
    carried: told('carried'),
    changed: told('changed'),
    same: told('same'),
    left: told('left'),
    variables: variablesIn(draft, settingsText(draft.settings)),
    sealed,
    warnings: warnings.map(formatProblem),
  }
}

const applied = (
  draft: Draft,
  { env }: CliContext,
  path: string,
  text: string,
  sealed: readonly string[],
): string => {
  const missing = variablesIn(draft, text).filter(({ name }) => (env[name] ?? '') === '')
  const notes = draft.notes()
  const count = (outcome: string) => notes.filter((note) => note.outcome === outcome).length
  return [
    ...sealed.map((name) => `sealed ${name} in the vault\n`),
    `wrote ${path}: ${count('carried')} carried over, ${count('changed')} not quite the same, ${count('left')} left out; the end of the file says which\n`,
    ...missing.map(
      ({ name, isWrittenThere }) =>
        `set ${name} before the start${isWrittenThere ? ': its value stands in the file that was converted' : ''}\n`,
    ),
  ].join('')
}
