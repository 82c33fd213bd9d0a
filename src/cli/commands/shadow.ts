import { Command } from 'commander'
import type { z } from 'zod'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { readAnswer, shadowReportSchema } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import { parseMoment } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { countText, table } from '../table.ts'

interface Options extends ServerOptions {
  readonly from?: number
  readonly to?: number
  readonly route?: string
}

export const shadowCommand: CommandMaker = (context, done) => {
  const report = new Command('report')
    .description('what a switch to the target of the copies would bring, and how sure that is')
    .option(
      '--from <time>',
      'copies from this time on: 2026-11-01, 2026-11-01T12:00 (UTC), or 7d for seven days ago',
      (text) => parseMoment(text),
    )
    .option('--to <time>', 'before this time', (text) => parseMoment(text))
    .option('--route <name>', 'copies of this rule')
  addServerOptions(report)
    .addHelpText('after', '\nExample:\n  $ tgw shadow report --from 7d\n')
    .action(async (options: Options) => {
      const query = new URLSearchParams(
        Object.entries({ from: options.from, to: options.to, route: options.route }).flatMap(
          ([name, value]) => (value === undefined ? [] : [[name, String(value)]]),
        ),
      )
      const client = connect(context, options)
      const said = readAnswer(shadowReportSchema, await client.call('GET', `/shadow/report?${query}`))
      answer(context, options, said, () => reportText(said))
      done(exitCodes.ok)
    })
  return new Command('shadow')
    .description('compare how another target answers copies of exchanges')
    .addCommand(report)
    .addHelpText('after', '\nExample:\n  $ tgw shadow report\n')
}

type Report = z.output<typeof shadowReportSchema>
type Pair = Report['pairs'][number]

const reportText = ({ pairs, dropped, isComplete }: Report): string => {
  const paragraphs = pairs.map(pairText)
  if (pairs.length === 0) paragraphs.push('no exchange was copied\n')
  if (dropped.length > 0) {
    const rows = dropped.map(({ route, reason, count }) => [route, reason, countText(count)])
    paragraphs.push(`not copied\n${table(['RULE', 'REASON', 'EXCHANGES>'], rows)}`)
  }
  if (!isComplete) paragraphs.push('these are the newest copies, there are more: name a shorter time\n')
  return paragraphs.join('\n')
}

const pairText = (pair: Pair): string => {
  const { route, primary, shadow, copies, cost, latency, similarity, lengthRatio } = pair
  const { compared, failed, unreadable, unfinished } = copies
  const saved = cost.savedPerThousandUsd
  const rows: readonly (readonly string[])[] = [
    shareRow('answered at all', pair.answered),
    shareRow('equivalent', pair.equivalent),
    shareRow('same kind of end', pair.sameStop),
    shareRow('same tool calls', pair.sameToolCalls),
    shareRow('valid JSON now', pair.primaryJson),
    shareRow('valid JSON there', pair.shadowJson),
    [
      'similarity of text',
      similarity.mean === null ? '' : percent(similarity.mean.value),
      similarity.mean === null ? '' : `${percent(similarity.mean.low)} to ${percent(similarity.mean.high)}`,
      countText(similarity.copies),
    ],
    [
      'length to now',
      lengthRatio.median === null ? '' : `× ${lengthRatio.median.toFixed(2)}`,
      '',
      countText(lengthRatio.copies),
    ],
    [
      'slower by, ms',
      latency.differenceP50 === null ? '' : String(Math.round(latency.differenceP50.value)),
      latency.differenceP50 === null
        ? ''
        : `${Math.round(latency.differenceP50.low)} to ${Math.round(latency.differenceP50.high)}`,
      countText(latency.copies),
    ],
    [
      'saves per 1,000, $',
      saved?.value ?? '',
      saved === null || saved.low === null || saved.high === null ? '' : `${saved.low} to ${saved.high}`,
      countText(cost.copies),
    ],
  ]
  const title = `${route}: ${primary.provider}/${primary.model} now, ${shadow.provider}/${shadow.model} instead`
  const counts = `${countText(compared)} compared, ${failed} failed, ${unreadable} unreadable, ${unfinished} unfinished`
  return `${title}\n${counts}\n${table(['', 'ESTIMATE>', 'WITH 95 % BETWEEN', 'OF>'], rows)}`
}

const shareRow = (name: string, { of, share }: Pair['answered']): readonly string[] => [
  name,
  share === null ? '' : percent(share.value),
  share === null ? '' : `${percent(share.low)} to ${percent(share.high)}`,
  countText(of),
]

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
