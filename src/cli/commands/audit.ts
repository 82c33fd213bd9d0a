import { Command } from 'commander'
import type { z } from 'zod'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { auditSchema, readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import { parseMoment } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { countText, printable, table, timeText } from '../table.ts'

interface Options extends ServerOptions {
  readonly from?: number
  readonly to?: number
  readonly provider?: string
  readonly model?: string
}

export const auditCommand: CommandMaker = (context, done) => {
  const command = new Command('audit')
    .description('how upstreams answer, and which of them changed without a word')
    .option(
      '--from <time>',
      'calls from this time on: 2026-11-01, 2026-11-01T12:00 (UTC), or 7d for seven days ago',
      (text) => parseMoment(text),
    )
    .option('--to <time>', 'before this time', (text) => parseMoment(text))
    .option('--provider <name>', 'calls of this provider')
    .option('--model <name>', 'calls that asked for this model')
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw audit --from 14d\n')
  return command.action(async (options: Options) => {
    const { from, to, provider, model } = options
    const query = new URLSearchParams(
      Object.entries({ from, to, provider, model }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)]],
      ),
    )
    const client = connect(context, options)
    const audit = readAnswer(auditSchema, await client.call('GET', `/audit?${query}`))
    answer(context, options, audit, () => auditText(audit))
    done(exitCodes.ok)
  })
}

type Audit = z.output<typeof auditSchema>
type Upstream = Audit['upstreams'][number]
type Series = Upstream['series'][number]

const auditText = ({ upstreams, canaries, level, isComplete }: Audit): string => {
  if (upstreams.length + canaries.length === 0) return 'no upstream was called in this time\n'
  const summary = table(
    [
      'PROVIDER',
      'MODEL',
      'CALLS>',
      'ERRORS>',
      'TTFT MS P50>',
      'P95>',
      'TOKENS/S>',
      'OUTPUT P50>',
      'P95>',
      'VERDICT',
    ],
    upstreams.map((one) => [
      one.provider,
      one.model,
      countText(one.calls),
      one.errorRate.share === null ? '' : percent(one.errorRate.share.value),
      rounded(one.ttftMs.p50),
      rounded(one.ttftMs.p95),
      rounded(one.tokensPerSecond.p50),
      rounded(one.outputTokens.p50),
      rounded(one.outputTokens.p95),
      verdictOf(one.series),
    ]),
  )
  const all = [
    ...upstreams.flatMap((one) => one.series.map((series) => ({ one, series }))),
    ...canaries.map((one) => ({
      one,
      series: { ...one.series, series: `${one.series.series} ${one.canary}` },
    })),
  ]
  const drifted = all.flatMap(({ one, series }) =>
    series.change === null ? [] : [evidence(one, series, series.change)],
  )
  const paragraphs = [
    ...(upstreams.length === 0 ? [] : [summary]),
    ...upstreams.flatMap(namesText),
    ...upstreams.flatMap(sourcesText),
    ...countsText(upstreams),
    ...(canaries.length === 0 ? [] : [canariesText(canaries)]),
  ]
  if (drifted.length > 0) {
    const headings = ['CHANGED', 'UPSTREAM', 'SERIES', 'SINCE', 'BEFORE', 'AFTER', 'CALLS', 'P>']
    paragraphs.push(
      `${table(headings, drifted)}P: how likely chance alone finds as much anywhere; named from ${level} down\n`,
    )
  }
  if (!isComplete) paragraphs.push('these are the newest calls, there are more: name a shorter time\n')
  return paragraphs.join('\n')
}

const canariesText = (canaries: Audit['canaries']): string =>
  table(
    ['CANARY', 'UPSTREAM', 'PROMPT', 'ASKED>', 'PASSED>', 'OF>', 'SHARE>', '95 %>', 'LAST', 'VERDICT'],
    canaries.map((one) => [
      one.canary,
      `${one.provider}/${one.model}`,
      shortened(one.prompt ?? ''),
      countText(one.runs),
      countText(one.passed),
      countText(one.passed + one.failed),
      one.share === null ? '' : percent(one.share.value),
      one.share === null ? '' : `${percent(one.share.low)} – ${percent(one.share.high)}`,
      one.last.error ?? one.last.result.replace('_', ' '),
      one.series.verdict,
    ]),
  )

const longestPrompt = 30

const shortened = (prompt: string): string => {
  const line = prompt.replace(/\s+/g, ' ').trim()
  return line.length > longestPrompt ? `${line.slice(0, longestPrompt - 1)}…` : line
}

const verdictOf = (series: readonly Series[]): string => {
  const drifted = series.filter(({ verdict }) => verdict === 'drift')
  if (drifted.length > 0) return `drift: ${drifted.map((one) => one.series).join(', ')}`
  return series.every(({ verdict }) => verdict === 'too few') ? 'too few calls' : 'steady'
}

const evidence = (
  { provider, model }: Pick<Upstream, 'provider' | 'model'>,
  { series, pValue }: Series,
  { at, meaning, before, after }: NonNullable<Series['change']>,
): readonly string[] => [
  meaning,
  `${provider}/${model}`,
  series,
  timeText(at),
  sideText(series, before),
  sideText(series, after),
  `${countText(before.count)} / ${countText(after.count)}`,
  pValue === null ? '' : pValue.toPrecision(2),
]

const sideText = (
  series: string,
  { median, share, names }: NonNullable<Series['change']>['before'],
): string => {
  if (median !== null) return series.endsWith('_count') ? ratioText(median) : rounded(median)
  if (share !== null) return percent(share)
  return Object.entries(names ?? {})
    .map(([name, count]) => `${name} × ${count}`)
    .join(', ')
}

const namesText = ({ provider, model, answered }: Upstream): readonly string[] => {
  if (answered.mismatches === 0) return []
  const others = answered.names
    .filter(({ match }) => match === 'other')
    .map(({ name, count }) => `${name} × ${countText(count)}`)
  const share = percent(answered.mismatchShare ?? 0)
  return [
    printable(`${provider}/${model}: ${share} answered by another model: ${others.join(', ')}`).concat('\n'),
  ]
}

const sourcesText = ({ provider, model, tokenCounts }: Upstream): readonly string[] => {
  const { counted, estimated, reported } = tokenCounts
  if (counted + estimated === 0) return []
  const text = `tokens of ${countText(reported)} calls as reported, of ${countText(counted)} counted here, of ${countText(estimated)} estimated`
  return [printable(`${provider}/${model}: ${text}`).concat('\n')]
}

/** What providers reported of a sample of the calls, against what was counted of the same words here. */
const countsText = (upstreams: readonly Upstream[]): readonly string[] => {
  const rows = upstreams.flatMap(({ provider, model, tokenCounts: { checked } }) =>
    (['input', 'output'] as const).flatMap((side) => {
      const { calls, reportedTokens, countedTokens, beyondTokens, ratio } = checked[side]
      if (calls === 0) return []
      return [
        [
          `${provider}/${model}`,
          side,
          checked.method ?? '',
          countText(calls),
          countText(reportedTokens),
          countText(countedTokens),
          countText(beyondTokens),
          ...[ratio.p50, ratio.p5, ratio.p95].map(ratioText),
        ],
      ]
    }),
  )
  if (rows.length === 0) return []
  const headings = [
    'TOKENS',
    'OF',
    'METHOD',
    'CALLS>',
    'REPORTED>',
    'HERE>',
    'BEYOND>',
    'RATIO P50>',
    'P5>',
    'P95>',
  ]
  return [table(headings, rows)]
}

const ratioText = (ratio: number | null): string => (ratio === null ? '' : ratio.toFixed(2))

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

const rounded = (value: number | null): string =>
  value === null ? '' : value < 100 ? String(Number(value.toFixed(1))) : countText(Math.round(value))
