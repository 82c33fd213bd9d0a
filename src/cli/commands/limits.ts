import { Command } from 'commander'
import type { z } from 'zod'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { limitsSchema, readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { findKey } from '../list-keys.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { countText, table } from '../table.ts'

interface Options extends ServerOptions {
  readonly key?: string
  readonly provider?: string
  readonly model?: string
}

export const limitsCommand: CommandMaker = (context, done) => {
  const command = new Command('limits')
    .description('rate limits, and how they stand for a key, a provider or a model')
    .option(
      '--key <key>',
      'how they stand for this key (id, or a name that only one key has), its user, team and organisation',
    )
    .option('--provider <id>', 'how they stand for this provider and each of its keys')
    .option('--model <name>', 'how they stand for this model')
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw limits --key alice\n')
  return command.action(async (options: Options) => {
    const client = connect(context, options)
    const asked = {
      key: options.key === undefined ? undefined : await findKey(client, options.key),
      provider: options.provider,
      model: options.model,
    }
    const query = new URLSearchParams(
      Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    )
    const said = readAnswer(limitsSchema, await client.call('GET', `/limits?${query}`))
    const isAsked = query.size > 0
    answer(context, options, said, () => (isAsked ? levelsText(said) : rulesText(said)))
    done(exitCodes.ok)
  })
}

type Report = z.output<typeof limitsSchema>
type Window = Report['levels'][number] | Report['rules'][number]['windows'][number]

const rulesText = ({ rules, providers = [], runaway }: Report): string => {
  const rows = [
    ...rules.flatMap(({ level, match, windows }) =>
      windows.map((window) => [level, match ?? '', windowText(window), burstText(window)]),
    ),
    ...providers.flatMap(({ provider, per, windows }) =>
      windows.map((window) => [`allowed per ${per}`, provider, windowText(window), burstText(window)]),
    ),
  ]
  const limits =
    rows.length === 0 ? 'no limits are configured\n' : table(['LEVEL', 'MATCH', 'LIMIT', 'AT ONCE>'], rows)
  const queues = providers.flatMap(({ provider, queue }) =>
    queue === null
      ? []
      : [`at ${provider}, up to ${queue.mostWaiting} calls wait, ${queue.longestWaitMs} ms at most\n`],
  )
  const repeats =
    runaway === null
      ? 'clients may repeat themselves\n'
      : `the same body comes at most ${runaway.repeats} times in ${runaway.windowMs / 1000} s from one session\n`
  return [limits, ...queues, repeats].join('')
}

const levelsText = ({ levels }: Report): string =>
  levels.length === 0
    ? 'no limit applies\n'
    : table(
        ['LEVEL', 'WHOSE', 'LIMIT', 'AT ONCE>', 'LEFT>', 'FULL IN>'],
        levels.map((level) => [
          level.level,
          level.subject,
          windowText(level),
          burstText(level),
          countText(level.left),
          level.fullInMs === null ? '' : `${Math.ceil(level.fullInMs / 1000)} s`,
        ]),
      )

const windowText = ({ unit, per, limit }: Window): string =>
  per === null ? `${countText(limit)} at once` : `${countText(limit)} ${unit.replace('_', ' ')} per ${per}`

const burstText = ({ per, burst }: Window): string => (per === null ? '' : countText(burst))
