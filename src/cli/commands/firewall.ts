import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { z } from 'zod'
import { GatewayError } from '../../errors.ts'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { firewallReportSchema, firewallTrialSchema, readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { findKey, listKeys } from '../list-keys.ts'
import { answer } from '../output.ts'
import { parseMoment } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { readStdin } from '../read-stdin.ts'
import { countText, printable, table, timeText } from '../table.ts'

interface TestOptions extends ServerOptions {
  readonly explain?: true
  readonly role: string
  readonly direction: string
  readonly key?: string
}

interface ReportOptions extends ServerOptions {
  readonly from?: number
  readonly to?: number
  readonly byKey?: true
}

export const firewallCommand: CommandMaker = (context, done) => {
  const test = new Command('test')
    .description('show what the firewall would do with a text: the text as a provider would see it')
    .argument('<file>', 'a file, or - for standard input')
    .option('--explain', 'what was found, by whom, where, and how sure that is; and the modes that apply')
    .addOption(
      new Option('--role <role>', 'who says it')
        .choices(['user', 'assistant', 'system', 'tool'])
        .default('user'),
    )
    .addOption(
      new Option('--direction <direction>', 'a request or an answer')
        .choices(['input', 'output'])
        .default('input'),
    )
    .option('--key <key>', 'as the exchanges of this virtual key are treated (name or id)')
  addServerOptions(test)
    .addHelpText(
      'after',
      '\nEnds with 1 where the firewall refuses the text.\n\nExample:\n  $ tgw firewall test notes.md --explain\n',
    )
    .action(async (file: string, options: TestOptions) => {
      const client = connect(context, options)
      const { role, direction } = options
      const text = file === '-' ? await readStdin(context) : readText(resolve(process.cwd(), file))
      const key = options.key === undefined ? {} : { key: await findKey(client, options.key) }
      const said = readAnswer(
        firewallTrialSchema,
        await client.call('POST', '/firewall/test', { text, role, direction, ...key }),
      )
      answer(context, options, said, () => (options.explain === true ? explanation(said) : said.text))
      done(said.isRefused ? exitCodes.failed : exitCodes.ok)
    })

  const report = new Command('report')
    .description('what was found in requests and answers, and what was done about it')
    .option(
      '--from <time>',
      'exchanges from this time on: 2026-11-01, 2026-11-01T12:00 (UTC), or 7d for seven days ago',
      (text) => parseMoment(text),
    )
    .option('--to <time>', 'before this time', (text) => parseMoment(text))
    .option('--by-key', 'apart for each virtual key')
  addServerOptions(report)
    .addHelpText('after', '\nExample:\n  $ tgw firewall report --from 7d --by-key\n')
    .action(async (options: ReportOptions) => {
      const client = connect(context, options)
      const { from, to, byKey } = options
      const query = new URLSearchParams(
        Object.entries({ from, to, by: byKey === true ? 'key' : undefined }).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, String(value)]],
        ),
      )
      const said = readAnswer(firewallReportSchema, await client.call('GET', `/firewall/report?${query}`))
      const names =
        byKey === true && options.json !== true
          ? new Map((await listKeys(client, {})).map(({ id, name }) => [id, name]))
          : new Map<string, string>()
      answer(context, options, said, () => reportText(said, byKey === true, names))
      done(exitCodes.ok)
    })

  return new Command('firewall')
    .description('what the firewall finds, and what it would do with a text')
    .addCommand(test)
    .addCommand(report)
    .addHelpText('after', '\nExample:\n  $ tgw firewall test notes.md\n')
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new GatewayError('gateway_request_invalid', `the file ${path} cannot be read`, { cause: error })
  }
}

type Trial = z.output<typeof firewallTrialSchema>

const explanation = ({ findings, modes, isRefused }: Trial): string => {
  const rows = findings.map((one) => [
    `${one.line}:${one.column}`,
    one.detector,
    one.type,
    one.rule,
    one.confidence.toFixed(2),
    one.action,
  ])
  const found =
    rows.length === 0
      ? 'nothing was found\n'
      : table(['PLACE', 'DETECTOR', 'TYPE', 'RULE', 'CONFIDENCE>', 'ACTION'], rows)
  const policy = Object.entries(modes).map(([name, mode]) => `${name} ${mode}`)
  return `${found}modes: ${policy.join(', ')}\n${isRefused ? 'the request would be refused\n' : ''}`
}

const reportText = (
  { rows }: z.output<typeof firewallReportSchema>,
  byKey: boolean,
  names: ReadonlyMap<string, string>,
): string =>
  rows.length === 0
    ? 'nothing was found in this time\n'
    : table(
        [
          ...(byKey ? ['KEY'] : []),
          ...['DETECTOR', 'TYPE', 'DIRECTION', 'ACTION', 'EXCHANGES>', 'FINDINGS>', 'LAST'],
        ],
        rows.map(({ key = null, detector, type, direction, action, exchanges, findings, last }) => [
          ...(byKey ? [key === null ? '–' : printable(names.get(key) ?? key)] : []),
          ...[detector, type, direction, action],
          ...[countText(exchanges), countText(findings), timeText(last)],
        ]),
      )
