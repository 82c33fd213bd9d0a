import { Command } from 'commander'
import { GatewayError } from '../../errors.ts'
import { handOver } from '../../supervisor/index.ts'
import { findDataFolder } from '../data-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { addJsonOption, addPlaceOptions, type JsonOption, type PlaceOptions } from '../start-flags.ts'

export const handoverCommand: CommandMaker = (context, done) => {
  const command = new Command('handover').description(
    'start a new worker in place of the one that serves, which finishes what it is answering: for a program that was replaced',
  )
  addJsonOption(addPlaceOptions(command)).addHelpText('after', '\nExample:\n  $ tgw handover\n')
  return command.action((options: PlaceOptions & JsonOption) => {
    const { dataDir } = findDataFolder(context, options)
    if (handOver(dataDir) === 'not running') {
      throw new GatewayError(
        'server_not_running',
        `no server runs in ${dataDir}, so nothing can be handed over`,
      )
    }
    answer(context, options, { asked: true, dataDir }, () => 'a new worker takes over; the log tells when\n')
    done(exitCodes.ok)
  })
}
