import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { GatewayError } from '../../errors.ts'
import { formatUsd } from '../../ir/index.ts'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer, note } from '../output.ts'
import { parseCount } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { type ComparedRow, compareUsage, type Difference, type LedgerRow } from '../reconcile/compare.ts'
import { nanoUsd } from '../reconcile/nano-usd.ts'
import { readProviderUsage } from '../reconcile/provider-usage.ts'
import { countText, table } from '../table.ts'

interface Options extends ServerOptions {
  readonly provider: string
  readonly tolerance?: bigint
  readonly toleranceTokens: number
  readonly toleranceUsd?: bigint
  readonly all?: true
}

/** What the command ends with when the two sides differ. */
const differs = 3

export const ledgerReconcileCommand: CommandMaker = (context, done) => {
  const command = new Command('reconcile')
    .description(
      'hold the ledger against what a provider says was used, by UTC day and model; ends with 3 when they differ',
    )
    .argument('<files...>', 'what the provider exported: usage, costs, or both')
    .requiredOption('--provider <id>', 'the provider, as it is named in the configuration')
    .option('--tolerance <percent>', 'let a figure be off by so much of the provider’s', parsePercent)
    .option('--tolerance-tokens <count>', 'let tokens be off by so many', parseCount(0, 1e12), 0)
    .option('--tolerance-usd <amount>', 'let costs be off by so much: 0.01', parseAmount)
    .option('-a, --all', 'show what is equal, too')
  addServerOptions(command).addHelpText(
    'after',
    [
      '\nRead are the answers of OpenAI’s usage and costs API (group_by model and line_item), of Anthropic’s',
      'usage_report/messages and cost_report, and the CSV files of both dashboards. All calls to the provider count,',
      'retried and hedged ones too. A call at midnight may be of another day to the provider.\n',
      'Example:',
      '  $ tgw ledger reconcile usage.json costs.json --provider openai --tolerance 0.1\n',
    ].join('\n'),
  )
  return command.action(async (paths: readonly string[], options: Options) => {
    const files = paths.map((path) => readProviderUsage(readText(path), path))
    const days = files.flatMap((file) => file.days).sort()
    const from = Date.parse(days[0] ?? '')
    const to = Date.parse(days.at(-1) ?? '') + 86_400_000
    const query = new URLSearchParams({ provider: options.provider, from: String(from), to: String(to) })
    const answered = await connect(context, options).call('GET', `/usage/upstream?${query}`)
    const ledger = readAnswer(upstreamUsageSchema, answered).rows
    const compared = compareUsage(
      files,
      // Days that no file is about are not the provider's silence.
      ledger.filter(({ day }) => days.includes(day)).map(ledgerRow),
      {
        share: options.tolerance ?? 0n,
        tokens: BigInt(options.toleranceTokens),
        nanoUsd: options.toleranceUsd ?? 0n,
      },
    )
    if (files.some(({ isCut }) => isCut))
      note(context, 'tgw: a file says that there is more: fetch its next pages, too')
    const unpriced = ledger.reduce((sum, row) => sum + row.unpriced, 0)
    const isEqual = compared.every(({ state }) => state === 'equal')
    const shown = options.all === true ? compared : compared.filter(({ state }) => state !== 'equal')
    answer(
      context,
      options,
      {
        ...{ provider: options.provider, from: days[0], to: days.at(-1), isEqual, unpriced },
        rows: shown.map(jsonRow),
      },
      () => reportText(shown, compared, unpriced),
    )
    done(isEqual ? exitCodes.ok : differs)
  })
}

const parsePercent = (text: string): bigint => {
  const [, whole, fraction = ''] = /^(\d{1,2})(?:\.(\d{1,4}))?$/.exec(text) ?? []
  if (whole === undefined) throw new InvalidArgumentError('give a percentage such as 0.1')
  return BigInt(whole + fraction.padEnd(4, '0'))
}

const parseAmount = (text: string): bigint => {
  if (!/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) throw new InvalidArgumentError('give an amount such as 0.01')
  return nanoUsd(text, 0)
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new GatewayError('gateway_request_invalid', `${path} cannot be read`, { cause: error })
  }
}

const upstreamUsageSchema = z.looseObject({
  rows: z.array(
    z.looseObject({
      day: z.string(),
      model: z.string(),
      inputTokens: z.number(),
      outputTokens: z.number(),
      cacheReadTokens: z.number(),
      cacheWriteTokens: z.number(),
      cacheWriteLongTokens: z.number(),
      costUsd: z.string(),
      unpriced: z.number(),
    }),
  ),
})

const ledgerRow = (row: z.output<typeof upstreamUsageSchema>['rows'][number]): LedgerRow => {
  const cached = row.cacheReadTokens + row.cacheWriteTokens + row.cacheWriteLongTokens
  return {
    ...{ day: row.day, model: row.model },
    figures: {
      input: BigInt(row.inputTokens),
      uncached: BigInt(row.inputTokens - cached),
      cacheRead: BigInt(row.cacheReadTokens),
      cacheWrite5m: BigInt(row.cacheWriteTokens),
      cacheWrite1h: BigInt(row.cacheWriteLongTokens),
      output: BigInt(row.outputTokens),
      cost: nanoUsd(row.costUsd, 0),
    },
  }
}

const amountText = (figure: Difference['figure'], amount: bigint): string =>
  figure === 'cost' ? formatUsd(amount) : String(amount)

const jsonRow = ({ day, model, state, figures, differences }: ComparedRow) => ({
  ...{ day, model, state },
  figures: Object.fromEntries(
    figures.map(({ figure, provider, ledger }) => [
      figure === 'cost' ? 'costUsd' : figure,
      {
        provider: amountText(figure, provider),
        ledger: amountText(figure, ledger),
        difference: amountText(figure, ledger - provider),
        isTolerated: !differences.some((one) => one.figure === figure),
      },
    ]),
  ),
})

const stateText = {
  equal: 'equal',
  differs: 'differs',
  'only-provider': 'not in the ledger',
  'only-ledger': 'not at the provider',
} as const

const reportText = (
  shown: readonly ComparedRow[],
  compared: readonly ComparedRow[],
  unpriced: number,
): string => {
  const wrong = compared.filter(({ state }) => state !== 'equal').length
  const lines = shown.flatMap(({ day, model, state, figures, differences }) =>
    (state === 'equal' ? figures : differences).map(({ figure, provider, ledger }) => [
      ...[day, model ?? 'all', stateText[state], figure === 'cost' ? 'cost $' : figure],
      ...[provider, ledger, ledger - provider].map((one) => amountText(figure, one)),
    ]),
  )
  const verdict =
    wrong === 0
      ? `equal: ${countText(compared.length)} days and models\n`
      : `${countText(wrong)} of ${countText(compared.length)} days and models differ\n`
  return [
    ...(lines.length === 0
      ? []
      : [table(['DAY', 'MODEL', 'STATE', 'FIGURE', 'PROVIDER>', 'LEDGER>', 'DIFFERENCE>'], lines)]),
    verdict,
    ...(unpriced === 0 ? [] : [`the cost of ${countText(unpriced)} calls is not known to the ledger\n`]),
  ].join('')
}
