import { Command } from 'commander'
import { GatewayError } from '../../errors.ts'
import { stopServer } from '../../supervisor/index.ts'
import { findDataFolder } from '../data-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import { parseCount } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { addJsonOption, addPlaceOptions, type JsonOption, type PlaceOptions } from '../start-flags.ts'

interface Options extends PlaceOptions, JsonOption {
  readonly timeout: number
}

export const stopCommand: CommandMaker = (context, done) => {
  const command = new Command('stop')
    .description('stop the server of the data folder; what it is answering may finish')
    .option('--timeout <seconds>', 'longest wait for it to end', parseCount(1, 3600), 60)
  addJsonOption(addPlaceOptions(command)).addHelpText('after', '\nExample:\n  $ tgw stop\n')
  return command.action(async (options: Options) => {
    const { dataDir } = findDataFolder(context, options)
    if ((await stopServer(dataDir, { timeout: options.timeout * 1000 })) === 'not running') {
      throw new GatewayError(
        'server_not_running',
        `no server runs in ${dataDir}, so there is nothing to stop`,
      )
    }
    answer(context, options, { stopped: true, dataDir }, () => 'tollgate has stopped\n')
    done(exitCodes.ok)
  })
}
