import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import { parseCount, parseMoment } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { countText, printable, table, timeText } from '../table.ts'

export const auditLogCommand: CommandMaker = (context, done) => {
  const command = new Command('audit-log').description(
    'what administrators changed, and whether that list is whole',
  )
  for (const make of [listCommand, verifyCommand]) command.addCommand(make(context, done))
  return command.addHelpText('after', '\nExample:\n  $ tgw audit-log list --from 7d\n')
}

interface ListOptions extends ServerOptions {
  readonly from?: number
  readonly to?: number
  readonly actor?: string
  readonly action?: string
  readonly target?: string
  readonly before?: number
  readonly limit: number
}

const entriesSchema = z.looseObject({
  entries: z.array(
    z.looseObject({
      number: z.number(),
      at: z.number(),
      actorType: z.string(),
      actorName: z.string(),
      address: z.string().nullable(),
      action: z.string(),
      target: z.string(),
      status: z.number().nullable(),
      before: z.unknown(),
      after: z.unknown(),
    }),
  ),
  next: z.number().nullable(),
})

const listCommand: CommandMaker = (context, done) => {
  const command = new Command('list')
    .description('list changes, newest first; --json shows what was before and after')
    .option('--from <time>', 'from this time on, or 7d for seven days ago', (text) => parseMoment(text))
    .option('--to <time>', 'before this time', (text) => parseMoment(text))
    .option('--actor <name>', 'only by this token or user, by name or id')
    .option('--action <action>', 'only this, such as "DELETE /keys/:id"')
    .option('--target <path>', 'only about this, such as /keys/key_…')
    .option('--before <number>', 'only older entries than this one', parseCount(1, Number.MAX_SAFE_INTEGER))
    .option('--limit <entries>', 'most entries to show', parseCount(1, 1_000), 100)
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw audit-log list --actor alice --json\n')
  return command.action(async (options: ListOptions) => {
    const { from, to, actor, action, target, before, limit } = options
    const query = new URLSearchParams(
      Object.entries({ from, to, actor, action, target, before, limit }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)]],
      ),
    )
    const log = readAnswer(entriesSchema, await connect(context, options).call('GET', `/audit-log?${query}`))
    answer(context, options, log, () =>
      [
        table(
          ['NO.>', 'TIME', 'WHO', 'FROM', 'ACTION', 'TARGET', 'STATUS>', 'CHANGED'],
          log.entries.map((entry) => [
            ...[entry.number, timeText(entry.at), `${entry.actorName} (${entry.actorType})`, entry.address],
            ...[entry.action, entry.target, entry.status, changedMembers(entry.before, entry.after)],
          ]),
        ),
        ...(log.next === null ? [] : [`older ones: --before ${log.next}\n`]),
      ].join(''),
    )
    done(exitCodes.ok)
  })
}

/** The names of what differs; everything else of a change is in the JSON. */
const changedMembers = (before: unknown, after: unknown): string => {
  if (Array.isArray(after)) return after.map((one) => pathOf(one)).join(' ')
  if (!isObject(before) || !isObject(after)) return ''
  return Object.keys({ ...before, ...after })
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .join(' ')
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const pathOf = (value: unknown): string =>
  isObject(value) && typeof value['path'] === 'string' ? value['path'] : ''

interface VerifyOptions extends ServerOptions {
  readonly expect?: string
}

const verdictSchema = z.looseObject({
  isIntact: z.boolean(),
  entries: z.number(),
  head: z.looseObject({ number: z.number(), hash: z.string() }),
  broken: z.looseObject({ number: z.number(), reason: z.string() }).nullable(),
})

const verifyCommand: CommandMaker = (context, done) => {
  const command = new Command('verify')
    .description('check that no entry was changed, taken out or cut off; ends with 1 when one was')
    .option('--expect <number:hash>', 'a head that was printed earlier must still be in the log', (text) => {
      if (/^\d{1,15}:[0-9a-f]{64}$/.test(text)) return text
      throw new InvalidArgumentError('give what an earlier verify printed as its head, such as 12:3fa9…')
    })
  addServerOptions(command).addHelpText(
    'after',
    '\nKeep the head somewhere else: who can write the database can write the whole log anew, and then only\na head from before tells.\n\nExample:\n  $ tgw audit-log verify\n',
  )
  return command.action(async (options: VerifyOptions) => {
    const query = options.expect === undefined ? '' : `?expect=${options.expect}`
    const verdict = readAnswer(
      verdictSchema,
      await connect(context, options).call('GET', `/audit-log/verify${query}`),
    )
    const { isIntact, entries, head, broken } = verdict
    answer(context, options, verdict, () =>
      broken === null
        ? `intact: ${countText(entries)} entries\nhead: ${head.number}:${printable(head.hash)}\n`
        : `broken at entry ${broken.number}: ${printable(broken.reason)}\n`,
    )
    done(isIntact ? exitCodes.ok : exitCodes.failed)
  })
}
