import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { GatewayError } from '../../errors.ts'
import { logFolder } from '../../settings.ts'
import { humanLine, tailLog } from '../../telemetry/index.ts'
import { wantsColour } from '../cli-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { parseCount } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import {
  addJsonOption,
  addPlaceOptions,
  type JsonOption,
  type PlaceOptions,
  placeFlags,
} from '../start-flags.ts'

interface Options extends PlaceOptions, JsonOption {
  readonly follow?: true
  readonly lines: number
}

export const logsCommand: CommandMaker = (context, done) => {
  const command = new Command('logs')
    .description('show the last lines of the server’s log; needs no running server')
    .option('-f, --follow', 'go on with new lines until Ctrl-C')
    .option('-n, --lines <count>', 'how many of the last lines', parseCount(0, 1_000_000), 50)
  addJsonOption(addPlaceOptions(command)).addHelpText(
    'after',
    '\nWith --json each line is a JSON object, as it was written.\n\nExample:\n  $ tgw logs -f -n 100\n',
  )
  return command.action(async (options: Options) => {
    const { settings } = context.actions.load(placeFlags(options))
    const folder = logFolder(settings)
    if (folder === undefined) {
      throw new GatewayError(
        'not_found',
        'the log goes to standard error only, since `telemetry.log.file` is false',
      )
    }
    if (options.follow !== true && !existsSync(folder)) {
      throw new GatewayError(
        'not_found',
        `there is no log in ${folder}: no server has run with this data folder`,
      )
    }
    const reader = new AbortController()
    context.stdout.on?.('error', () => reader.abort())
    const colour = wantsColour(context)
    await tailLog(folder, {
      lines: options.lines,
      follow: options.follow === true,
      signal: reader.signal,
      onLine: (line) =>
        context.stdout.write(`${options.json === true ? line : humanLine(line, { colour })}\n`),
    })
    done(exitCodes.ok)
  })
}
