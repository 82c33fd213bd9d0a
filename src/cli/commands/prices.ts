import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import type { z } from 'zod'
import { largestPrices } from '../../catalog/index.ts'
import { GatewayError } from '../../errors.ts'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import {
  importReportSchema,
  missingPricesSchema,
  priceListSchema,
  readAnswer,
  shownModelSchema,
} from '../answers.ts'
import type { CliContext } from '../cli-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import { parseMoment } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { countText, printable, table, timeText } from '../table.ts'

export const pricesCommand: CommandMaker = (context, done) => {
  const prices = new Command('prices').description(
    'what models cost, in US dollars: the catalogue, imported prices, and those of the configuration',
  )
  for (const make of [listCommand, showCommand, diffCommand, updateCommand])
    prices.addCommand(make(context, done))
  return prices.addHelpText('after', '\nExample:\n  $ tgw prices show claude-sonnet-5-5\n')
}

interface ListOptions extends ServerOptions {
  readonly provider?: string
  readonly at?: number
  readonly missing?: boolean
  readonly from?: number
}

const listCommand: CommandMaker = (context, done) => {
  const command = new Command('list')
    .description('list prices, in US dollars per million tokens')
    .argument('[text]', 'only models whose name contains this')
    .option('--provider <id>', 'only those of this provider')
    .option('--at <time>', 'as they were or will be then', (text) => parseMoment(text))
    .option('--missing', 'the models that were called and have no known price')
    .option('--from <time>', 'with --missing: calls from this time on (default: 30d)', (text) =>
      parseMoment(text),
    )
  addServerOptions(command).addHelpText(
    'after',
    '\nExamples:\n  $ tgw prices list gpt-5 --provider openai\n  $ tgw prices list --missing\n',
  )
  return command.action(async (text: string | undefined, options: ListOptions) => {
    const client = connect(context, options)
    if (options.missing === true) {
      const path = `/prices?${query({ missing: 1, from: options.from })}`
      const { missing } = readAnswer(missingPricesSchema, await client.call('GET', path))
      answer(context, options, { missing }, () =>
        missing.length === 0
          ? 'every model in use has a price\n'
          : table(
              ['PROVIDER', 'MODEL', 'CALLS>', 'LAST'],
              missing.map(({ provider, model, calls, lastAt }) => [
                provider,
                model,
                countText(calls),
                timeText(lastAt),
              ]),
            ),
      )
      return done(exitCodes.ok)
    }
    const path = `/prices?${query({ text, provider: options.provider, at: options.at })}`
    const list = readAnswer(priceListSchema, await client.call('GET', path))
    answer(context, options, list, () =>
      table(
        ['MODEL', 'PROVIDER', 'INPUT>', 'CACHED>', 'WRITE>', 'OUTPUT>', 'CLASSES', 'VERSION'],
        list.prices.map(({ model, provider, card }) => [
          model,
          provider,
          card.prices['input'],
          card.prices['cache read'],
          card.prices['cache write'],
          card.prices['output'],
          classesOf(card.prices).join(' '),
          card.version,
        ]),
      ),
    )
    done(exitCodes.ok)
  })
}

/** Names of the service classes that have a price. */
const classesOf = (prices: Readonly<Record<string, string>>): readonly string[] => [
  ...new Set(
    Object.keys(prices).flatMap(
      (name) => /^([a-z]+) factor$/.exec(name)?.[1] ?? /, ([a-z]+)$/.exec(name)?.[1] ?? [],
    ),
  ),
]

interface ShowOptions extends ServerOptions {
  readonly provider?: string
  readonly at?: number
  readonly version?: string
  readonly organisation?: string
}

const showCommand: CommandMaker = (context, done) => {
  const command = new Command('show')
    .description('show everything that a model costs, and the versions that it was billed with')
    .argument('<model>', 'model, as it is sent to the provider')
    .option('--provider <id>', 'at this provider only')
    .option('--at <time>', 'as it was or will be then', (text) => parseMoment(text))
    .option('--version <version>', 'a version that the ledger names, also of an earlier release or import')
    .option('--organisation <id>', 'with the margin that this organisation pays')
  addServerOptions(command).addHelpText(
    'after',
    '\nExamples:\n  $ tgw prices show gpt-6-sol --at 2026-10-01\n  $ tgw prices show gpt-6-sol --version import@0123456789ab\n',
  )
  return command.action(async (model: string, options: ShowOptions) => {
    const { provider, at, version, organisation } = options
    const path = `/prices/${encodeURIComponent(model)}?${query({ provider, at, version, organisation })}`
    const shown = readAnswer(shownModelSchema, await connect(context, options).call('GET', path))
    answer(context, options, shown, () => {
      const cards = shown.prices.map(({ provider: of, card, service }) => {
        const lines = [
          ['version', card.version],
          ['source', card.source],
          ...(card.effectiveFrom === null ? [] : [['from', card.effectiveFrom]]),
          ...(service.class === undefined ? [] : [['billed as', service.class]]),
          ...(service.region === undefined ? [] : [['region', service.region]]),
          ...Object.entries(card.prices).map(([name, amount]) => [
            name,
            name.endsWith(' factor') ? `times ${amount}` : `$ ${amount}${unitOf(name)}`,
          ]),
          ...(card.margin === null
            ? []
            : [['margin', `${card.margin.percent} percent, $ ${card.margin.perRequestUsd} per request`]]),
          ...(card.unmetered.length === 0 ? [] : [['not counted', card.unmetered.join(', ')]]),
        ]
        const width = Math.max(...lines.map(([name = '']) => name.length))
        return `${printable(of)}/${printable(model)}\n${lines
          .map(([name = '', value = '']) => `  ${printable(name).padEnd(width)}  ${printable(value)}\n`)
          .join('')}`
      })
      const versions =
        shown.versions.length === 0
          ? 'nothing was billed yet\n'
          : table(
              ['BILLED WITH', 'PROVIDER', 'FIRST'],
              shown.versions.map((one) => [one.version, one.provider, timeText(one.firstAt)]),
            )
      return `${cards.join('\n')}\n${versions}`
    })
    done(exitCodes.ok)
  })
}

const unitOf = (name: string): string =>
  name === 'per request' || name === 'per thousand searches' ? '' : ' per million tokens'

interface UpdateOptions extends ServerOptions {
  readonly apply?: boolean
  readonly force?: boolean
  readonly clear?: boolean
}

const sourceText =
  'file or https address: our own format, LiteLLM’s price map, or the data of genai-prices (default: `price_source`)'

const diffCommand: CommandMaker = (context, done) => {
  const command = new Command('diff')
    .description('show what a file of prices would change; changes nothing')
    .argument('[source]', sourceText)
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw prices diff prices.json\n')
  return command.action(async (source: string | undefined, options: UpdateOptions) => {
    await update(context, options, source, false)
    done(exitCodes.ok)
  })
}

const updateCommand: CommandMaker = (context, done) => {
  const command = new Command('update')
    .description('import a file of prices, above the catalogue and below the configuration')
    .argument('[source]', sourceText)
    .option('--apply', 'do it; without this the difference is shown and nothing changes')
    .option('--force', 'take prices that look like a mistake, such as a thousand times as much')
    .option('--clear', 'take the imported prices out of use: back to the catalogue')
  addServerOptions(command).addHelpText(
    'after',
    '\nExamples:\n  $ tgw prices update model_prices_and_context_window.json\n  $ tgw prices update prices.json --apply\n',
  )
  return command.action(async (source: string | undefined, options: UpdateOptions) => {
    if (options.clear === true) {
      const cleared = await connect(context, options).call('DELETE', '/prices/import')
      answer(context, options, cleared, () => 'the imported prices are out of use\n')
    } else await update(context, options, source, options.apply === true)
    done(exitCodes.ok)
  })
}

const update = async (
  context: CliContext,
  options: UpdateOptions,
  source: string | undefined,
  apply: boolean,
): Promise<void> => {
  const report = readAnswer(
    importReportSchema,
    await connect(context, options).call('POST', '/prices/import', {
      ...(source === undefined ? {} : placeOf(context, source)),
      apply,
      force: options.force === true,
    }),
  )
  answer(context, options, report, () => reportText(report))
}

/** The server fetches addresses, files are read here: they lie where the command was typed. */
const placeOf = (
  { cwd }: CliContext,
  source: string,
): { readonly url: string } | { readonly text: string; readonly source: string } => {
  if (/^[a-z]+:\/\//i.test(source)) return { url: source }
  const path = resolve(cwd, source)
  try {
    if (statSync(path).size > largestPrices)
      throw new GatewayError(
        'prices_invalid',
        `the prices are refused: ${source} is larger than ${largestPrices} bytes`,
      )
    return { text: readFileSync(path, 'utf8'), source }
  } catch (error) {
    if (error instanceof GatewayError) throw error
    throw new GatewayError('prices_invalid', `${source} cannot be read`, { cause: error })
  }
}

/** So many changed models are shown; `--json` has all. */
const mostShown = 200

const reportText = (report: z.output<typeof importReportSchema>): string => {
  const rows = report.changes.flatMap(({ provider, model, change, prices }) =>
    prices.map(({ name, before, after }) => [
      change,
      `${provider}/${model}`,
      name,
      before,
      after,
      percentOf(before, after),
    ]),
  )
  const count = (kind: string): number => report.changes.filter(({ change }) => change === kind).length
  const lines = [
    ...report.notices.map((notice) => `note: ${printable(notice)}`),
    ...(report.implausible.length === 0
      ? []
      : [
          `look twice: ${printable(report.implausible.slice(0, 10).join(', '))} change by a factor of a thousand or more, or to nothing`,
        ]),
    `${countText(report.models)} models in ${printable(report.source)} (${report.format}): ${count('added')} added, ` +
      `${count('changed')} changed, ${count('removed')} removed, ${report.same} as before`,
    report.applied ? `applied as ${report.version}` : 'nothing was changed; add --apply to do it',
  ]
  const shown = rows.slice(0, mostShown)
  const more = rows.length - shown.length
  return [
    rows.length === 0 ? '' : table(['', 'MODEL', 'PRICE', 'BEFORE>', 'AFTER>', 'CHANGE>'], shown),
    more > 0 ? `… and ${countText(more)} more\n` : '',
    rows.length === 0 ? '' : '\n',
    `${lines.join('\n')}\n`,
  ].join('')
}

/** `+25.0 %`, for people: a display, not a sum. */
const percentOf = (before: string | null, after: string | null): string => {
  const [one, other] = [Number(before), Number(after)]
  if (before === null || after === null || one === 0) return ''
  const change = ((other - one) / one) * 100
  return `${change > 0 ? '+' : ''}${change.toFixed(1)} %`
}

const query = (values: Readonly<Record<string, string | number | undefined>>): URLSearchParams =>
  new URLSearchParams(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  )
