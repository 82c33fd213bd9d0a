import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { GatewayError } from '../../errors.ts'
import { logFolder } from '../../settings.ts'
import type { StartFlags } from '../../start-server.ts'
import { serverStatus, startDaemon } from '../../supervisor/index.ts'
import { reachableHost } from '../admin-client.ts'
import type { CliContext } from '../cli-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
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
  readonly daemon?: true
  readonly host?: string
  readonly port?: number
}

export const startCommand: CommandMaker = (context, done) => {
  const command = new Command('start')
    .alias('serve')
    .description(
      'start the server; it runs in the foreground until Ctrl-C, or in the background with --daemon',
    )
    .option('-d, --daemon', 'run in the background; returns when the server answers')
    .option('-p, --port <port>', 'port to listen on (default: 8081)', parseCount(0, 65_535))
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
  addJsonOption(addPlaceOptions(command)).addHelpText(
    'after',
    '\nExamples:\n  $ tgw start\n  $ tgw start --daemon --port 9000 --data-dir ~/gateway\n',
  )
  return command.action(async (options: Options) => done(await start(context, options)))
}

const start = async (context: CliContext, options: Options): Promise<number> => {
  const flags = startFlags(options)
  if (options.daemon !== true) return context.actions.serveForeground(flags)
  const { settings } = context.actions.load(flags)
  const dataDir = settings.data_dir
  const running = serverStatus(dataDir)
  if (running !== undefined) {
    throw new GatewayError(
      'conflict',
      `tollgate runs already in ${dataDir} (pid ${running.pid}): stop it with \`tgw stop\` or choose another --data-dir`,
    )
  }
  const secretsFile = join(dataDir, 'first-start.txt')
  const knownBefore = existsSync(secretsFile)
  const logFile = join(logFolder(settings) ?? join(dataDir, 'logs'), 'daemon.log')
  const { pid, ready } = await startDaemon(['start', ...daemonArguments(options)], { dataDir, logFile })
  const scheme = settings.listen.tls === undefined ? 'http' : 'https'
  const urls = Object.values(ready.ports).map((port) => `${scheme}://${reachableHost(ready.host)}:${port}`)
  const firstStart = !knownBefore && existsSync(secretsFile) ? secretsFile : null
  answer(context, options, { pid, urls, dataDir, logFile, firstStart }, () =>
    [
      `tollgate runs at ${urls.join(', ')} (pid ${pid})`,
      ...(firstStart === null
        ? []
        : [`first admin token and virtual key: ${firstStart} (keep them, delete the file)`]),
      '',
    ].join('\n'),
  )
  return exitCodes.ok
}

/** Like the variable TGW_PORT, `--port` is the facade's where there are several. */
const startFlags = ({ port, host, ...place }: Options): StartFlags => ({
  ...placeFlags(place),
  ...(port === undefined ? {} : { 'listen.port': port, 'listen.ports.facade': port }),
  ...(host === undefined ? {} : { 'listen.host': host }),
})

const daemonArguments = ({ config, dataDir, port, host }: Options): readonly string[] =>
  Object.entries({ config, 'data-dir': dataDir, port, host }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
