import { Command, Option } from 'commander'
import { type CheckedProtocol, checks, runChecks, subject, type Verdict } from '../../conformance/index.ts'
import { GatewayError } from '../../errors.ts'
import type { ProtocolId } from '../../ir/index.ts'
import { type CliContext, wantsColour } from '../cli-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { addJsonOption, type JsonOption } from '../start-flags.ts'
import { printable } from '../table.ts'

interface Options extends JsonOption {
  readonly model: string
  readonly key?: string
  readonly protocol?: readonly ProtocolId[]
  readonly timeout: string
}

const examined = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const

export const conformCommand: CommandMaker = (context, done) => {
  const command = new Command('conform')
    .description(
      'hold a gateway or provider against the protocols: answers, streams, tools, usage, errors; sends about 15 small requests for each protocol, which cost what they cost there',
    )
    .argument('<url>', 'base URL, without the path of an endpoint')
    .requiredOption('--model <name>', 'the model to ask')
    .option('--key <key>', 'API key; TGW_KEY of the environment counts as well, and shows in no process list')
    .addOption(
      new Option('--protocol <id...>', 'only these protocols').choices([...examined]).default([...examined]),
    )
    .option('--timeout <seconds>', 'for each request', '60')
  addJsonOption(command).addHelpText(
    'after',
    '\nExample:\n  $ export TGW_KEY=tgw-sk-…\n  $ tgw conform http://127.0.0.1:8081 --model loopback-agent\n',
  )
  return command.action(async (url: string, options: Options) => {
    const reports = await examine(context, url, options)
    const ok = reports.every(({ results }) => results.every(({ verdict }) => verdict.state !== 'failed'))
    answer(context, options, { ok, url, model: options.model, protocols: reports }, () =>
      report(reports, wantsColour(context)),
    )
    done(ok ? exitCodes.ok : exitCodes.failed)
  })
}

const examine = async (
  { env, stderr }: CliContext,
  url: string,
  options: Options,
): Promise<readonly CheckedProtocol[]> => {
  if (!/^https?:\/\/[^/]/.test(url)) {
    throw new GatewayError('gateway_request_invalid', 'the URL must begin with http:// or https://')
  }
  const seconds = Number(options.timeout)
  if (!(seconds > 0)) {
    throw new GatewayError('gateway_request_invalid', '--timeout must be a number of seconds above 0')
  }
  const key = options.key ?? env['TGW_KEY']
  const reports: CheckedProtocol[] = []
  for (const protocol of options.protocol ?? examined) {
    const examinee = subject({
      url,
      protocol,
      model: options.model,
      timeout: seconds * 1000,
      ...(key === undefined ? {} : { key }),
    })
    reports.push(await runChecks(examinee, () => void (stderr.isTTY === true && stderr.write('.'))))
  }
  if (stderr.isTTY === true) stderr.write('\n')
  return reports
}

const marks = { passed: ['ok', 32], failed: ['FAILED', 31], skipped: ['-', 33] } as const

const report = (reports: readonly CheckedProtocol[], colour: boolean): string => {
  const width = Math.max(...checks.map(({ name }) => name.length))
  const columns = reports.map(({ protocol }) => protocol)
  const cell = (verdict: Verdict | undefined, columnWidth: number): string => {
    const [word, code] = marks[verdict?.state ?? 'skipped']
    const text = word.padEnd(columnWidth)
    return colour ? `\u001b[${code}m${text}\u001b[0m` : text
  }
  const lines = checks.map(({ name }, row) =>
    [
      name.padEnd(width),
      ...reports.map(({ protocol, results }) => cell(results[row]?.verdict, protocol.length)),
    ]
      .join('  ')
      .trimEnd(),
  )
  const reasons = reports.flatMap(({ protocol, results }) =>
    results.flatMap(({ check, verdict }) =>
      verdict.state === 'passed' ? [] : [`${protocol}, ${check}: ${printable(verdict.reason)}`],
    ),
  )
  return `${[[' '.repeat(width), ...columns].join('  '), ...lines, '', ...reasons].join('\n').trimEnd()}\n`
}
