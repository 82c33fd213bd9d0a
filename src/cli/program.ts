import { Command } from 'commander'
import { type CliContext, wantsColour } from './cli-context.ts'
import { adminCommand } from './commands/admin.ts'
import { auditCommand } from './commands/audit.ts'
import { auditLogCommand } from './commands/audit-log.ts'
import { budgetsCommand } from './commands/budgets.ts'
import { cacheCommand } from './commands/cache.ts'
import { configCommand } from './commands/config.ts'
import { conformCommand } from './commands/conform.ts'
import { credentialsCommand } from './commands/credentials.ts'
import { doctorCommand } from './commands/doctor.ts'
import { firewallCommand } from './commands/firewall.ts'
import { handoverCommand } from './commands/handover.ts'
import { importCommand } from './commands/import.ts'
import { initCommand } from './commands/init.ts'
import { keysCommand } from './commands/keys.ts'
import { ledgerCommand } from './commands/ledger.ts'
import { limitsCommand } from './commands/limits.ts'
import { logsCommand } from './commands/logs.ts'
import { migrateCommand } from './commands/migrate.ts'
import { modelsCommand } from './commands/models.ts'
import { pricesCommand } from './commands/prices.ts'
import { routeCommand } from './commands/route.ts'
import { savingsCommand } from './commands/savings.ts'
import { shadowCommand } from './commands/shadow.ts'
import { startCommand } from './commands/start.ts'
import { statusCommand } from './commands/status.ts'
import { stopCommand } from './commands/stop.ts'
import { usageCommand } from './commands/usage.ts'
import { vaultCommand } from './commands/vault.ts'

/** Told the exit code of a command that ran to its end. */
export type Done = (code: number) => void

/** Makes one command. */
export type CommandMaker = (context: CliContext, done: Done) => Command

/** In the order of the help. */
const commands: readonly CommandMaker[] = [
  startCommand,
  stopCommand,
  handoverCommand,
  statusCommand,
  logsCommand,
  initCommand,
  importCommand,
  configCommand,
  keysCommand,
  credentialsCommand,
  vaultCommand,
  adminCommand,
  usageCommand,
  savingsCommand,
  budgetsCommand,
  ledgerCommand,
  limitsCommand,
  firewallCommand,
  cacheCommand,
  shadowCommand,
  auditCommand,
  auditLogCommand,
  modelsCommand,
  pricesCommand,
  routeCommand,
  migrateCommand,
  doctorCommand,
  conformCommand,
]

export const createProgram = (context: CliContext, done: Done): Command => {
  const { stdout, stderr, actions } = context
  const program = new Command('tgw')
    .description('Tollgate: an LLM gateway between coding agents and model providers')
    .version(actions.version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showHelpAfterError('(add --help for what is possible)')
    // A command may have an option of the same name, as `prices show --version`.
    .enablePositionalOptions()
    .addHelpText('after', overview)
  for (const make of commands) program.addCommand(make(context, done))
  forEachCommand(program, (command) => {
    command
      .helpOption('-h, --help', 'show help')
      .exitOverride()
      .showSuggestionAfterError(true)
      .showHelpAfterError('(add --help for what is possible)')
      .configureHelp({ helpWidth: stdout.columns ?? 110 })
      .configureOutput({
        writeOut: (text) => void stdout.write(text),
        writeErr: (text) => void stderr.write(text),
        outputError: (text, write) => write(text.replace(/^error: /, 'tgw: ')),
        getOutHasColors: () => wantsColour(context),
        getErrHasColors: () => false,
        getOutHelpWidth: () => stdout.columns ?? 110,
        getErrHelpWidth: () => stderr.columns ?? 110,
      })
  })
  return program
}

/** The command and all below it, in the order of the help. */
export const forEachCommand = (command: Command, visit: (command: Command) => void): void => {
  visit(command)
  for (const child of command.commands) forEachCommand(child, visit)
}

const overview = `
Exit codes: 0 done, 1 failed or something is wrong, 2 wrong usage, 3 no server runs, 78 the configuration is invalid.

Examples:
  $ tgw start
  $ tgw doctor
  $ tgw keys create --name alice
`
