import { Command } from 'commander'
import { GatewayError } from '../../errors.ts'
import { serverStatus } from '../../supervisor/index.ts'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { healthSchema, readAnswer } from '../answers.ts'
import type { CliContext } from '../cli-context.ts'
import { findDataFolder } from '../data-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { timeText } from '../table.ts'

export const statusCommand: CommandMaker = (context, done) =>
  addServerOptions(new Command('status').description('tell whether the server runs, where, and how it fares'))
    .addHelpText('after', '\nExample:\n  $ tgw status --json\n')
    .action(async (options: ServerOptions) => done(await status(context, options)))

const status = async (context: CliContext, options: ServerOptions): Promise<number> => {
  const place = options.url === undefined ? findDataFolder(context, options).dataDir : undefined
  const holder = place === undefined ? undefined : serverStatus(place)
  if (place !== undefined && holder?.ready === undefined) {
    if (options.json === true) answer(context, options, { running: false, dataDir: place }, () => '')
    throw new GatewayError(
      'server_not_running',
      holder === undefined
        ? `no server runs in ${place}: start one with \`tgw start --daemon\``
        : `the server in ${place} (pid ${holder.pid}) does not answer: it is starting or stopping, see \`tgw logs\``,
    )
  }
  const client = connect(context, options)
  const health = readAnswer(healthSchema, await client.call('GET', '/health'))
  const whole = { running: true, ...(holder && { pid: holder.pid, dataDir: place }), ...health }
  const lines: readonly (readonly [string, string])[] = [
    ['status', health.status],
    ['version', health.version],
    ...(holder === undefined ? [] : ([['pid', String(holder.pid)]] as const)),
    ['listens', health.listeners.join(', ')],
    ['since', `${timeText(health.startedAt)} UTC`],
    ...(place === undefined ? [] : ([['data', place]] as const)),
    ['config', health.configFiles.length === 0 ? 'no file' : health.configFiles.join(', ')],
    ['database', health.database],
    ...(health.redis === undefined || health.redis === 'alone' ? [] : ([['redis', health.redis]] as const)),
    ['ledger', `${health.ledger.state}, ${health.ledger.pending} waiting`],
    ['exchanges', `${health.openExchanges} running`],
    ...workerLines(health.workers ?? []),
  ]
  answer(context, options, whole, () =>
    lines.map(([name, value]) => `${name.padEnd(10)} ${value}\n`).join(''),
  )
  return health.status === 'ok' ? exitCodes.ok : exitCodes.failed
}

type Workers = NonNullable<ReturnType<typeof healthSchema.parse>['workers']>

/** Of one worker nothing more can be said. */
const workerLines = (workers: Workers): readonly (readonly [string, string])[] =>
  workers.length < 2
    ? []
    : workers.map(({ number, pid, status, startedAt, restarts, openExchanges }) => [
        `worker ${number}`,
        `${status}, pid ${pid}, since ${timeText(startedAt)} UTC, ${restarts} restarts, ${openExchanges} running`,
      ])
