import { resolve } from 'node:path'
import { Command } from 'commander'
import { formatProblem, isConfigError, listPaths, outlineAt, type SettingPath } from '../../config/index.ts'
import { GatewayError } from '../../errors.ts'
import { settingsSchema } from '../../settings.ts'
import type { CliContext } from '../cli-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer, note } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { settingPath } from '../setting-path.ts'
import {
  addJsonOption,
  addPlaceOptions,
  type JsonOption,
  type PlaceOptions,
  placeFlags,
} from '../start-flags.ts'
import { table } from '../table.ts'
import { originText, writtenAt, yamlText } from '../written-settings.ts'
import { configSetCommand } from './config-set.ts'

type Options = PlaceOptions & JsonOption

export const configCommand: CommandMaker = (context, done) => {
  const config = new Command('config').description('check, show and change the settings; secrets are masked')
  for (const make of [checkCommand, showCommand, getCommand, configSetCommand, listCommand])
    config.addCommand(make(context, done))
  return config.addHelpText('after', '\nExample:\n  $ tgw config set listen.port 9000\n')
}

const checkCommand: CommandMaker = (context, done) => {
  const command = new Command('check')
    .description('read the configuration as the server would, and tell every problem with its place')
    .argument('[file]', 'file to check (default: the one that the server would read)')
  addJsonOption(addPlaceOptions(command)).addHelpText(
    'after',
    '\nExample:\n  $ tgw config check ./tollgate.yaml\n',
  )
  return command.action((file: string | undefined, options: Options) =>
    done(check(context, file === undefined ? options : { ...options, config: resolve(context.cwd, file) })),
  )
}

const check = (context: CliContext, options: Options): number => {
  try {
    const { files, warnings } = context.actions.load(placeFlags(options))
    answer(context, options, { valid: true, files, problems: [], warnings }, () =>
      [
        ...warnings.map((warning) => `warning: ${formatProblem(warning)}`),
        files.length === 0
          ? 'valid; there is no file, so defaults and environment count'
          : `valid: ${files.join(', ')}`,
        '',
      ].join('\n'),
    )
    return exitCodes.ok
  } catch (error) {
    if (!isConfigError(error)) throw error
    if (options.json === true) answer(context, options, { valid: false, problems: error.problems }, () => '')
    note(context, `tgw: ${error.message}`)
    return exitCodes.config
  }
}

const showCommand: CommandMaker = (context, done) => {
  const command = new Command('show').description('show all settings in force, defaults too, as YAML')
  addJsonOption(addPlaceOptions(command)).addHelpText('after', '\nExample:\n  $ tgw config show\n')
  return command.action((options: Options) => {
    const listed = listPaths(context.actions.load(placeFlags(options)))
    const settings = writtenAt(listed, [])
    answer(context, options, settings, () => yamlText(settings))
    done(exitCodes.ok)
  })
}

const getCommand: CommandMaker = (context, done) => {
  const command = new Command('get')
    .description('show one setting or section')
    .argument('<path>', 'such as listen.port, routes[0].match or aliases."gpt-5.1"', settingPath)
  addJsonOption(addPlaceOptions(command)).addHelpText('after', '\nExample:\n  $ tgw config get listen.port\n')
  return command.action((path: SettingPath, options: Options) => {
    const value = writtenAt(listPaths(context.actions.load(placeFlags(options))), path)
    if (value === undefined) {
      const known = outlineAt(settingsSchema, path) !== undefined
      throw new GatewayError(
        'not_found',
        known ? 'the setting has no value' : 'there is no such setting: see `tgw config list`',
      )
    }
    answer(context, options, value, () => yamlText(value))
    done(exitCodes.ok)
  })
}

const listCommand: CommandMaker = (context, done) => {
  const command = new Command('list')
    .description('list all settings in force and where each comes from')
    .option('--changed', 'without defaults')
  addJsonOption(addPlaceOptions(command)).addHelpText('after', '\nExample:\n  $ tgw config list --changed\n')
  return command.action((options: Options & { readonly changed?: true }) => {
    const settings = listPaths(context.actions.load(placeFlags(options)))
      .filter(({ origin }) => options.changed !== true || origin !== 'default')
      .map(({ path, value, origin }) => ({ path, value, origin: originText(origin) }))
    answer(context, options, { settings }, () =>
      table(
        ['SETTING', 'VALUE', 'FROM'],
        settings.map(({ path, value, origin }) => [
          path,
          typeof value === 'string' ? value : JSON.stringify(value),
          origin,
        ]),
      ),
    )
    done(exitCodes.ok)
  })
}
