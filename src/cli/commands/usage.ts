import { Command, Option } from 'commander'
import type { z } from 'zod'
import { type AdminClient, addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { readAnswer, usageSchema } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { listKeys } from '../list-keys.ts'
import { answer } from '../output.ts'
import { parseCount, parseMoment } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { countText, table } from '../table.ts'

interface Options extends ServerOptions {
  readonly by?: string
  readonly from?: number
  readonly to?: number
  readonly limit: number
}

const dimensions = [
  ...['model', 'key', 'day', 'provider', 'session', 'hour', 'month', 'protocol', 'client', 'status'],
  ...['team', 'user'],
]

export const usageCommand: CommandMaker = (context, done) => {
  const command = new Command('usage')
    .description('sum up requests, tokens and cost')
    .addOption(new Option('--by <dimension>', 'break down by').choices(dimensions))
    .option(
      '--from <time>',
      'from this time on: 2026-11-01, 2026-11-01T12:00 (UTC), or 7d for seven days ago',
      (text) => parseMoment(text),
    )
    .option('--to <time>', 'before this time', (text) => parseMoment(text))
    .option('--limit <rows>', 'most rows to show; the total is over everything', parseCount(1, 1000), 100)
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw usage --by model --from 30d\n')
  return command.action(async (options: Options) => {
    const client = connect(context, options)
    const query = new URLSearchParams(
      Object.entries({ by: options.by, from: options.from, to: options.to, limit: options.limit }).flatMap(
        ([name, value]) => (value === undefined ? [] : [[name, String(value)]]),
      ),
    )
    const usage = readAnswer(usageSchema, await client.call('GET', `/usage?${query}`))
    const nameOf = options.by === 'key' && options.json !== true ? await keyNames(client) : undefined
    const rows = usage.rows.map((row) => [nameOf?.(row.group) ?? row.group, ...figures(row)])
    answer(context, options, usage, () =>
      table(
        [
          (options.by ?? '').toUpperCase(),
          'REQUESTS>',
          'INPUT>',
          'CACHED>',
          'OUTPUT>',
          'COST $>',
          'UNPRICED>',
        ],
        [...rows, ['total', ...figures(usage.total)]],
      ),
    )
    done(exitCodes.ok)
  })
}

type Sums = z.output<typeof usageSchema>['total']

const figures = (sums: Sums): readonly string[] => [
  countText(sums.requests),
  countText(sums.inputTokens),
  countText(sums.cacheReadTokens),
  countText(sums.outputTokens),
  sums.costUsd,
  countText(sums.unpriced),
]

/** People know keys by name. */
const keyNames = async (client: AdminClient): Promise<(id: string | null) => string | null> => {
  const keys = new Map((await listKeys(client, {})).map(({ id, name }) => [id, name]))
  return (id) => (id === null || !keys.has(id) ? id : `${keys.get(id)} (${id})`)
}
