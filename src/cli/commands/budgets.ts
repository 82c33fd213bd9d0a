import { Command, Option } from 'commander'
import { z } from 'zod'
import { budgetLevels, budgetModes } from '../../budgets/index.ts'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { table } from '../table.ts'

const standingSchema = z.looseObject({
  budget: z.string(),
  level: z.string(),
  subject: z.string().nullable(),
  unit: z.string(),
  mode: z.string(),
  limit: z.string(),
  spent: z.string(),
  reserved: z.string(),
  zone: z.string(),
  resetsAt: z.number().nullable(),
})
const budgetSchema = z.looseObject({
  id: z.string(),
  source: z.string(),
  level: z.string(),
  match: z.string().optional(),
  limit_usd: z.union([z.string(), z.number()]).optional(),
  limit_tokens: z.number().optional(),
  period: z.union([z.string(), z.number()]),
  mode: z.string(),
})
const listSchema = z.looseObject({
  budgets: z.array(budgetSchema.extend({ standings: z.array(standingSchema) })),
})
const standingsSchema = z.looseObject({ standings: z.array(standingSchema) })
const removedSchema = z.looseObject({ id: z.string() })

type Budget = z.output<typeof budgetSchema>
type Standing = z.output<typeof standingSchema>

export const budgetsCommand: CommandMaker = (context, done) => {
  const list = new Command('list').description('all budgets, and how they stand')
  addServerOptions(list)
    .addHelpText('after', '\nExample:\n  $ tgw budgets list\n')
    .action(async (options: ServerOptions) => {
      const said = readAnswer(listSchema, await connect(context, options).call('GET', '/budgets'))
      answer(context, options, said, () => listText(said.budgets))
      done(exitCodes.ok)
    })

  const show = new Command('show')
    .description('how everything stands that a key draws on')
    .argument('<key>', 'id of the key')
  addServerOptions(show)
    .addHelpText('after', '\nExample:\n  $ tgw budgets show key_0192\n')
    .action(async (key: string, options: ServerOptions) => {
      const path = `/budgets/standing?key=${encodeURIComponent(key)}`
      const said = readAnswer(standingsSchema, await connect(context, options).call('GET', path))
      answer(context, options, said, () => standingsText(said.standings))
      done(exitCodes.ok)
    })

  const create = new Command('create').description('make a budget; it counts at once')
  for (const option of changeOptions()) create.addOption(option)
  create.addOption(
    new Option('--level <level>', 'whom it is for').choices(budgetLevels).makeOptionMandatory(),
  )
  addServerOptions(create)
    .addHelpText(
      'after',
      '\nExample:\n  $ tgw budgets create --level key --limit-usd 5 --period day --mode hard\n',
    )
    .action(async (options: ChangeOptions) => {
      const client = connect(context, options)
      const said = readAnswer(budgetSchema, await client.call('POST', '/budgets', changeOf(options)))
      answer(context, options, said, () => `${said.id}\n`)
      done(exitCodes.ok)
    })

  const update = new Command('update')
    .description('change a budget; what was spent stays spent')
    .argument('<id>')
  for (const option of changeOptions()) update.addOption(option)
  addServerOptions(update)
    .addHelpText('after', '\nExample:\n  $ tgw budgets update budget_0192 --limit-usd 10\n')
    .action(async (id: string, options: ChangeOptions) => {
      const client = connect(context, options)
      const path = `/budgets/${encodeURIComponent(id)}`
      const said = readAnswer(budgetSchema, await client.call('PATCH', path, changeOf(options)))
      answer(context, options, said, () => `${said.id} changed\n`)
      done(exitCodes.ok)
    })

  const remove = new Command('delete').description('end a budget').argument('<id>')
  addServerOptions(remove)
    .addHelpText('after', '\nExample:\n  $ tgw budgets delete budget_0192\n')
    .action(async (id: string, options: ServerOptions) => {
      const path = `/budgets/${encodeURIComponent(id)}`
      const said = readAnswer(removedSchema, await connect(context, options).call('DELETE', path))
      answer(context, options, said, () => `${said.id} deleted\n`)
      done(exitCodes.ok)
    })

  return new Command('budgets')
    .description('what may be spent, by whom, and what is left')
    .addCommand(list)
    .addCommand(show)
    .addCommand(create)
    .addCommand(update)
    .addCommand(remove)
    .addHelpText('after', '\nExample:\n  $ tgw budgets list\n')
}

interface ChangeOptions extends ServerOptions {
  readonly level?: string
  readonly match?: string
  readonly limitUsd?: string
  readonly limitTokens?: number
  readonly period?: string
  readonly timezone?: string
  readonly mode?: string
  readonly amberAt?: number
  readonly amberModel?: string
  readonly amberMaxOutputTokens?: number
  readonly unbounded?: string
}

const changeOptions = (): readonly Option[] => [
  new Option('--match <id>', 'only those with this id or name; * stands for any text'),
  new Option('--limit-usd <amount>', 'US dollars'),
  new Option('--limit-tokens <number>', 'input and output tokens together').argParser(Number),
  new Option('--period <period>', 'day, week, month, quarter, forever, or a rolling time like 24h'),
  new Option('--timezone <name>', 'of calendar periods, such as Europe/Berlin'),
  new Option('--mode <mode>', 'how strictly it holds').choices(budgetModes),
  new Option('--amber-at <share>', 'share of the limit from which on it warns').argParser(Number),
  new Option('--amber-model <target>', 'provider/model that answers while amber'),
  new Option('--amber-max-output-tokens <number>', 'longest answer while amber').argParser(Number),
  new Option('--unbounded <policy>', 'what happens to costs without a bound').choices([
    'refuse',
    'admit',
    'key',
  ]),
]

const changeOf = (options: ChangeOptions): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries({
      level: options.level,
      match: options.match,
      limit_usd: options.limitUsd,
      limit_tokens: options.limitTokens,
      period: options.period,
      timezone: options.timezone,
      mode: options.mode,
      amber_at: options.amberAt,
      amber_model: options.amberModel,
      amber_max_output_tokens: options.amberMaxOutputTokens,
      unbounded: options.unbounded,
    }).filter(([, value]) => value !== undefined),
  )

const listText = (budgets: readonly (Budget & { readonly standings: readonly Standing[] })[]): string => {
  if (budgets.length === 0) return 'there are no budgets\n'
  const rows = budgets.map((one) => {
    const [standing] = one.standings
    return [
      one.id,
      one.match === undefined ? one.level : `${one.level} ${one.match}`,
      one.limit_usd === undefined ? `${one.limit_tokens} tokens` : `${one.limit_usd} USD`,
      typeof one.period === 'number' ? `${one.period / 1_000} s` : one.period,
      one.mode,
      standing === undefined ? 'each' : standing.spent,
      standing?.zone ?? '',
      one.source,
    ]
  })
  return table(['ID', 'LEVEL', 'LIMIT>', 'PERIOD', 'MODE', 'SPENT>', 'ZONE', 'SOURCE'], rows)
}

const standingsText = (standings: readonly Standing[]): string => {
  if (standings.length === 0) return 'no budget applies\n'
  const rows = standings.map(({ level, subject, limit, spent, reserved, unit, mode, zone, resetsAt }) => [
    subject === null ? level : `${level} ${subject}`,
    ...[spent, reserved, limit, unit, mode, zone],
    resetsAt === null ? '' : new Date(resetsAt).toISOString(),
  ])
  return table(['LEVEL', 'SPENT>', 'HELD>', 'LIMIT>', 'UNIT', 'MODE', 'ZONE', 'RESETS'], rows)
}
