import { Command } from 'commander'
import type { CommandMaker } from '../program.ts'
import { ledgerExportCommand } from './ledger-export.ts'
import { ledgerReconcileCommand } from './ledger-reconcile.ts'

export const ledgerCommand: CommandMaker = (context, done) => {
  const command = new Command('ledger').description(
    'the rows behind `tgw usage`: export them, check them against a bill',
  )
  for (const make of [ledgerExportCommand, ledgerReconcileCommand]) command.addCommand(make(context, done))
  return command.addHelpText('after', '\nExample:\n  $ tgw ledger export --from 30d -o ledger.csv\n')
}
