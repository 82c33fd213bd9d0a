import { Command, InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import { suggestion } from '../../config/index.ts'
import { type AdminClient, addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { readAnswer, usageSchema } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { addLedgerFilters, type LedgerFilterOptions, ledgerQuery } from '../ledger-filters.ts'
import { listKeys } from '../list-keys.ts'
import { answer } from '../output.ts'
import { parseCount } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { countText, table } from '../table.ts'

interface Options extends ServerOptions, LedgerFilterOptions {
  readonly by?: readonly string[]
  readonly timeZone?: string
  readonly limit: number
}

const dimensions = [
  ...['model', 'modelAsked', 'modelAnswered', 'provider', 'credential', 'key', 'user', 'team'],
  ...['organisation', 'session', 'hour', 'day', 'month', 'operation', 'protocol', 'protocols'],
  ...['upstreamProtocol', 'client', 'status', 'outcome', 'kind', 'direction', 'counterparty', 'source'],
]

export const usageCommand: CommandMaker = (context, done) => {
  const command = new Command('usage')
    .description('sum up requests, tokens and cost')
    .option('--by <dimensions>', 'break down by one, or by two: day,model', parseDimensions)
    .option('--time-zone <name>', 'whose hours, days and months: Europe/Berlin (default: UTC)')
    .option('--limit <rows>', 'most rows to show; the total is over everything', parseCount(1, 10_000), 1_000)
  addServerOptions(addLedgerFilters(command)).addHelpText(
    'after',
    [
      `\nDimensions: ${dimensions.join(', ')}.`,
      '`protocols` is the pair of the client’s and the upstream’s; `source` where the numbers came from.\n',
      'Examples:',
      '  $ tgw usage --by model --from 30d',
      '  $ tgw usage --by day,model --time-zone Europe/Berlin --filter provider=openai\n',
    ].join('\n'),
  )
  return command.action(async (options: Options) => {
    const client = connect(context, options)
    const query = ledgerQuery(options)
    query.set('limit', String(options.limit))
    if (options.by !== undefined) query.set('by', options.by.join(','))
    if (options.timeZone !== undefined) query.set('timeZone', options.timeZone)
    const usage = readAnswer(usageSchema, await client.call('GET', `/usage?${query}`))
    const by = options.by ?? []
    const nameOf = by.includes('key') && options.json !== true ? await keyNames(client) : undefined
    answer(context, options, usage, () => usageText(by, usage, nameOf))
    done(exitCodes.ok)
  })
}

const parseDimensions = (text: string): readonly string[] => {
  const names = text
    .split(',')
    .map((name) => name.trim().replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()))
  const unknown = names.find((name) => !dimensions.includes(name))
  if (unknown !== undefined)
    throw new InvalidArgumentError(`there is no dimension ${unknown}${suggestion(unknown, dimensions)}`)
  if (names.length <= 2 && new Set(names).size === names.length) return names
  throw new InvalidArgumentError('give one dimension, or two different ones')
}

type Usage = z.output<typeof usageSchema>
type Sums = Usage['total']

const usageText = (
  by: readonly string[],
  { total, rows, isCut }: Usage,
  nameOf: ((id: string | null) => string | null) | undefined,
): string => {
  const label = (name: string, group: string | null) =>
    name === 'key' && nameOf !== undefined ? nameOf(group) : group
  const groupsOf = (row: Usage['rows'][number]) =>
    by.map((name) => label(name, row.groups?.[name] ?? (by.length === 1 ? row.group : null)))
  const summary = table(
    [
      ...(by.length === 0 ? [''] : by.map((name) => name.replace(/[A-Z]/g, ' $&').toUpperCase())),
      ...['REQUESTS>', 'INPUT>', 'CACHED>', 'WRITE 5M>', 'WRITE 1H>', 'OUTPUT>', 'REASONING>'],
      ...['COST $>', 'UNPRICED>'],
    ],
    [
      ...rows.map((row) => [...groupsOf(row), ...figures(row)]),
      ['total', ...by.slice(1).map(() => ' '), ...figures(total)],
    ],
  )
  return [
    summary,
    provenance(total),
    ...(isCut === true ? ['there are more rows: raise --limit\n'] : []),
  ].join('')
}

const figures = (sums: Sums): readonly string[] => [
  countText(sums.requests),
  countText(sums.inputTokens),
  countText(sums.cacheReadTokens),
  countText(sums.cacheWriteTokens),
  countText(sums.cacheWriteLongTokens),
  countText(sums.outputTokens),
  countText(sums.reasoningTokens),
  sums.costUsd,
  countText(sums.unpriced),
]

/** Where the numbers came from, when not all of them are the provider's own. */
const provenance = ({ reported = 0, counted = 0, estimated = 0 }: Sums): string =>
  counted + estimated === 0
    ? ''
    : `tokens of ${countText(reported)} requests as reported, of ${countText(counted)} counted here, of ${countText(estimated)} estimated\n`

/** People know keys by name. */
const keyNames = async (client: AdminClient): Promise<(id: string | null) => string | null> => {
  const keys = new Map((await listKeys(client, {})).map(({ id, name }) => [id, name]))
  return (id) => (id === null || !keys.has(id) ? id : `${keys.get(id)} (${id})`)
}
