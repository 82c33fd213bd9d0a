import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { suggestion } from '../../config/index.ts'
import { type AdminClient, addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { addLedgerFilters, type LedgerFilterOptions, ledgerQuery } from '../ledger-filters.ts'
import { listKeys } from '../list-keys.ts'
import { answer } from '../output.ts'
import { parseCount } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { countText, table } from '../table.ts'

interface Options extends ServerOptions, LedgerFilterOptions {
  readonly by?: string
  readonly limit: number
}

const dimensions = [
  ...['key', 'agent', 'session', 'model', 'provider', 'credential', 'user', 'team', 'organisation'],
  ...['hour', 'day', 'month', 'protocol', 'protocols'],
]

export const savingsCommand: CommandMaker = (context, done) => {
  const command = new Command('savings')
    .description("show what providers' prompt caches saved and cost")
    .option('--by <dimension>', 'break down by key, agent, session, model, …', parseDimension)
    .option('--limit <rows>', 'most rows to show; the total is over everything', parseCount(1, 10_000), 20)
  addServerOptions(addLedgerFilters(command)).addHelpText(
    'after',
    [
      `\nDimensions: ${dimensions.join(', ')}.`,
      'SAVED is what tokens read from a cache would have cost more as plain input, LOST what writing them cost more,',
      'MISSED what a provider could have read and did not. Below: the latest such requests, and what had changed.\n',
      'Examples:',
      '  $ tgw savings --by agent --from 30d',
      '  $ tgw savings --by session --filter key=key_…\n',
    ].join('\n'),
  )
  return command.action(async (options: Options) => {
    const client = connect(context, options)
    const query = ledgerQuery(options)
    query.set('limit', String(options.limit))
    if (options.by !== undefined) query.set('by', options.by)
    const savings = readAnswer(savingsSchema, await client.call('GET', `/savings?${query}`))
    const nameOf = options.by === 'key' && options.json !== true ? await keyNames(client) : undefined
    answer(context, options, savings, () => savingsText(options.by, savings, nameOf))
    done(exitCodes.ok)
  })
}

const sums = {
  requests: z.number(),
  inputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
  cacheWriteLongTokens: z.number(),
  costUsd: z.string(),
  savedUsd: z.string(),
  lostUsd: z.string(),
  netUsd: z.string(),
  missedUsd: z.string(),
  breaks: z.number(),
  unpriced: z.number(),
}

const savingsSchema = z.looseObject({
  total: z.looseObject(sums),
  rows: z.array(z.looseObject({ group: z.string().nullable(), ...sums })),
  isCut: z.boolean(),
  breaks: z.array(
    z.looseObject({
      exchange: z.string(),
      at: z.number(),
      session: z.string().nullable(),
      provider: z.string().nullable(),
      cause: z.string(),
      expectedTokens: z.number(),
      readTokens: z.number(),
      offset: z.number().nullable(),
      path: z.string().nullable(),
      missedUsd: z.string().nullable(),
    }),
  ),
})

type Savings = z.output<typeof savingsSchema>

const parseDimension = (text: string): string => {
  if (dimensions.includes(text)) return text
  throw new InvalidArgumentError(`there is no dimension ${text}${suggestion(text, dimensions)}`)
}

const savingsText = (
  by: string | undefined,
  { total, rows, isCut, breaks }: Savings,
  nameOf: ((id: string | null) => string | null) | undefined,
): string =>
  [
    table(
      [
        by === undefined ? '' : by.toUpperCase(),
        ...['REQUESTS>', 'INPUT>', 'READ>', 'WRITTEN>', 'COST $>', 'SAVED $>', 'LOST $>', 'NET $>'],
        ...['MISSED $>', 'BREAKS>'],
      ],
      [
        ...rows.map((row) => [nameOf === undefined ? row.group : nameOf(row.group), ...figures(row)]),
        ['total', ...figures(total)],
      ],
    ),
    ...(total.unpriced === 0 ? [] : [unpricedText(total.unpriced)]),
    ...(isCut ? ['there are more rows: raise --limit\n'] : []),
    ...(breaks.length === 0 ? [] : ['\n', breakTable(breaks)]),
  ].join('')

/** What has no price counts as nothing saved, which it is not. */
const unpricedText = (count: number): string =>
  `without ${countText(count)} ${count === 1 ? 'request' : 'requests'} of unknown price: the money is that of the others\n`

const figures = (row: Savings['total']): readonly string[] => [
  countText(row.requests),
  countText(row.inputTokens),
  countText(row.cacheReadTokens),
  countText(row.cacheWriteTokens + row.cacheWriteLongTokens),
  row.costUsd,
  row.savedUsd,
  row.lostUsd,
  row.netUsd,
  row.missedUsd,
  countText(row.breaks),
]

const breakTable = (breaks: Savings['breaks']): string =>
  table(
    [
      'BROKEN AT',
      'SESSION',
      'PROVIDER',
      'CAUSE',
      'COULD READ>',
      'READ>',
      'MISSED $>',
      'FIRST BYTE>',
      'WHERE',
    ],
    breaks.map((one) => [
      new Date(one.at).toISOString(),
      one.session,
      one.provider,
      one.cause,
      countText(one.expectedTokens),
      countText(one.readTokens),
      one.missedUsd ?? '?',
      one.offset === null ? '' : countText(one.offset),
      one.path,
    ]),
  )

/** People know keys by name. */
const keyNames = async (client: AdminClient): Promise<(id: string | null) => string | null> => {
  const keys = new Map((await listKeys(client, {})).map(({ id, name }) => [id, name]))
  return (id) => (id === null || !keys.has(id) ? id : `${keys.get(id)} (${id})`)
}
