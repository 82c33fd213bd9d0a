import { resolve } from 'node:path'
import { Command } from 'commander'
import { GatewayError } from '../../errors.ts'
import type { CliContext } from '../cli-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import {
  addJsonOption,
  addPlaceOptions,
  type JsonOption,
  type PlaceOptions,
  placeFlags,
} from '../start-flags.ts'
import { countText, table } from '../table.ts'

interface Options extends PlaceOptions, JsonOption {
  readonly database?: string
  readonly from?: string
  readonly to?: string
  readonly replace?: true
  readonly running?: true
}

/** Beside the data, everybody should know. */
const masterKeyNote =
  'The master key is not moved: without it no sealed row can be read. Take `master.key` (or TGW_MASTER_KEY) along.'

export const migrateCommand: CommandMaker = (context, done) => {
  const command = new Command('migrate')
    .description(
      'move everything between databases, checked by row counts and checksums; the server must be stopped',
    )
    .option('--from <url>', 'database to read: sqlite:/path/file.db or postgres://…')
    .option('--to <url>', 'database to write')
  for (const make of [exportCommand, importCommand]) command.addCommand(make(context, done))
  addJsonOption(addPlaceOptions(addGuards(command))).addHelpText(
    'after',
    `\n${masterKeyNote}\n\nExamples:\n  $ tgw migrate --from sqlite:$HOME/.tollgate/tollgate.db --to postgres://tollgate@db/tollgate\n  $ tgw migrate export ./backup\n`,
  )
  return command.action(async (options: Options) => {
    const { from, to } = options
    if (from === undefined || to === undefined)
      throw new GatewayError(
        'gateway_request_invalid',
        'name both databases with --from and --to, or use `export` and `import`',
      )
    const { tables } = await context.actions.copyData(
      moveOptions(context, options),
      from,
      to,
      options.replace === true,
    )
    answer(context, options, { tables }, () => report('moved and checked', tables))
    done(exitCodes.ok)
  })
}

const exportCommand: CommandMaker = (context, done) => {
  const command = new Command('export')
    .description('write everything into a new folder: a file for each table, and a manifest')
    .argument('<folder>', 'a folder that is empty or not there yet')
    .option('--database <url>', 'database to read (default: that of the configuration)')
    .option('--running', 'do not look whether a server runs')
  addJsonOption(addPlaceOptions(command)).addHelpText(
    'after',
    `\nThe folder holds what the database holds: keep it as you keep that.\n${masterKeyNote}\n\nExample:\n  $ tgw migrate export ./backup\n`,
  )
  return command.action(async (folder: string, _options: Options, self: Command) => {
    const options: Options = self.optsWithGlobals()
    const path = resolve(context.cwd, folder)
    const { tables } = await context.actions.exportData(moveOptions(context, options), options.database, path)
    const summaries = tables.map(({ name, rows, sha256 }) => ({ name, rows, sha256 }))
    answer(context, options, { folder: path, tables: summaries }, () => report('exported', summaries))
    done(exitCodes.ok)
  })
}

const importCommand: CommandMaker = (context, done) => {
  const command = addGuards(
    new Command('import')
      .description('read such a folder into an empty database: all of it, or nothing')
      .argument('<folder>', 'what `tgw migrate export` wrote')
      .option('--database <url>', 'database to write (default: that of the configuration)'),
  )
  addJsonOption(addPlaceOptions(command)).addHelpText(
    'after',
    `\n${masterKeyNote}\n\nExample:\n  $ tgw migrate import ./backup --database postgres://tollgate@db/tollgate\n`,
  )
  return command.action(async (folder: string, _options: Options, self: Command) => {
    const options: Options = self.optsWithGlobals()
    const { tables } = await context.actions.importData(
      moveOptions(context, options),
      resolve(context.cwd, folder),
      options.database,
      options.replace === true,
    )
    answer(context, options, { tables }, () => report('imported and checked', tables))
    done(exitCodes.ok)
  })
}

const addGuards = (command: Command): Command =>
  command
    .option('--replace', 'take away what the target holds')
    .option('--running', 'do not look whether a server runs')

const moveOptions = (context: CliContext, options: Options) => ({
  settings: context.actions.load(placeFlags(options)).settings,
  unlocked: options.running === true,
})

interface Summary {
  readonly name: string
  readonly rows: number
  readonly sha256: string
}

const report = (done: string, tables: readonly Summary[]): string => {
  const rows = tables.reduce((sum, one) => sum + one.rows, 0)
  return [
    table(
      ['TABLE', 'ROWS>', 'SHA-256'],
      tables.map((one) => [one.name, countText(one.rows), `${one.sha256.slice(0, 16)}…`]),
    ),
    `${done}: ${countText(rows)} rows of ${tables.length} tables\n`,
    `${masterKeyNote}\n`,
  ].join('')
}
