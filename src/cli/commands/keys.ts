import { Command, InvalidArgumentError, Option } from 'commander'
import { suggestion } from '../../config/index.ts'
import { operations, protocolIds, workModes } from '../../ir/index.ts'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { issuedKeySchema, keySchema, type ListedKey, readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { findKey, listKeys } from '../list-keys.ts'
import { answer } from '../output.ts'
import { collect, parseCount, parseSpan } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { table, timeText } from '../table.ts'

export const keysCommand: CommandMaker = (context, done) => {
  const keys = new Command('keys').description(
    'virtual keys (tgw-sk-…): what clients use in place of a provider’s key',
  )
  for (const make of [createCommand, listCommand, revokeCommand, rotateCommand])
    keys.addCommand(make(context, done))
  return keys.addHelpText('after', '\nExample:\n  $ tgw keys list\n')
}

interface CreateOptions extends ServerOptions {
  readonly name: string
  readonly model?: readonly string[]
  readonly endpoint?: readonly string[]
  readonly provider?: readonly string[]
  readonly workMode?: string
  readonly expires?: number
  readonly rpm?: number
  readonly tpm?: number
  readonly concurrent?: number
  readonly team?: string
  readonly user?: string
}

const createCommand: CommandMaker = (context, done) => {
  const command = new Command('create')
    .description('create a key; its secret is printed this once')
    .requiredOption('--name <name>', 'name for people')
    .option('--model <glob>', 'only models of this name or pattern (repeatable)', collect)
    .option('--endpoint <name>', 'only this operation or protocol (repeatable)', collectEndpoint)
    .option('--provider <id>', 'only this provider (repeatable)', collect)
    .addOption(
      new Option('--work-mode <mode>', 'whatever rule, port and gateway say about translation').choices(
        workModes,
      ),
    )
    .option('--expires <span>', 'valid for so long: 30d, 12h', parseSpan)
    .option('--rpm <number>', 'at most so many requests per minute', parseCount(1, mostPerMinute))
    .option(
      '--tpm <number>',
      'at most so many input and output tokens per minute',
      parseCount(1, mostPerMinute),
    )
    .option('--concurrent <number>', 'at most so many requests at once', parseCount(1, 1_000_000))
    .option('--team <id>', 'team that it belongs to')
    .option('--user <id>', 'user that it belongs to')
  addServerOptions(command).addHelpText(
    'after',
    `\nEndpoints: ${endpoints.join(', ')}\n\nExamples:\n  $ tgw keys create --name alice --expires 30d\n  $ tgw keys create --name ci --model 'claude-*' --endpoint anthropic-messages\n`,
  )
  return command.action(async (options: CreateOptions) => {
    const created = await connect(context, options).call('POST', '/keys', {
      name: options.name,
      scopes: {
        models: options.model ?? null,
        endpoints: options.endpoint ?? null,
        providers: options.provider ?? null,
      },
      ...optionsOf(options),
      ...(options.expires === undefined ? {} : { expiresAt: Date.now() + options.expires }),
      ...(options.team === undefined ? {} : { team: options.team }),
      ...(options.user === undefined ? {} : { user: options.user }),
    })
    const { secret, ...key } = readAnswer(issuedKeySchema, created)
    answer(context, options, created, () => issued(key, secret))
    done(exitCodes.ok)
  })
}

const mostPerMinute = 1_000_000_000_000

const optionsOf = ({ workMode, rpm, tpm, concurrent }: CreateOptions) => {
  const limits = {
    ...(rpm === undefined ? {} : { requestsPerMinute: rpm }),
    ...(tpm === undefined ? {} : { tokensPerMinute: tpm }),
    ...(concurrent === undefined ? {} : { concurrent }),
  }
  const given = {
    ...(workMode === undefined ? {} : { workMode }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  }
  return Object.keys(given).length === 0 ? {} : { options: given }
}

interface ListOptions extends ServerOptions {
  readonly all?: true
}

const listCommand: CommandMaker = (context, done) => {
  const command = new Command('list')
    .description('list the keys that are valid, newest first')
    .option('-a, --all', 'revoked and expired ones too')
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw keys list --all\n')
  return command.action(async (options: ListOptions) => {
    const keys = await listKeys(connect(context, options), options.all === true ? {} : { live: true })
    answer(context, options, { keys }, () =>
      table(
        ['ID', 'NAME', 'SECRET', 'STATE', 'SCOPES', 'WORK MODE', 'EXPIRES', 'LAST USED'],
        keys.map((key) => [
          key.id,
          key.name,
          key.prefix,
          stateOf(key, Date.now()),
          scopesText(key),
          key.options.workMode ?? '',
          key.expiresAt === null ? 'never' : timeText(key.expiresAt),
          timeText(key.lastUsedAt),
        ]),
      ),
    )
    done(exitCodes.ok)
  })
}

const revokeCommand: CommandMaker = (context, done) => {
  const command = new Command('revoke')
    .description('end a key at once and for ever')
    .argument('<key>', 'id, or a name that only one key has')
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw keys revoke alice\n')
  return command.action(async (named: string, options: ServerOptions) => {
    const client = connect(context, options)
    const revoked = await client.call('DELETE', `/keys/${encodeURIComponent(await findKey(client, named))}`)
    const key = readAnswer(keySchema, revoked)
    answer(context, options, revoked, () => `revoked ${key.id} (${key.name})\n`)
    done(exitCodes.ok)
  })
}

interface RotateOptions extends ServerOptions {
  readonly overlap?: number
}

const rotateCommand: CommandMaker = (context, done) => {
  const command = new Command('rotate')
    .description('give a key a new secret, which is printed this once')
    .argument('<key>', 'id, or a name that only one key has')
    .option(
      '--overlap <span>',
      'the old secret stays valid for so long, at most 30d (default: it ends at once)',
      parseSpan,
    )
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw keys rotate alice --overlap 1d\n')
  return command.action(async (named: string, options: RotateOptions) => {
    const client = connect(context, options)
    const path = `/keys/${encodeURIComponent(await findKey(client, named))}/rotate`
    const rotated = await client.call('POST', path, { overlapSeconds: (options.overlap ?? 0) / 1000 })
    const { secret, ...key } = readAnswer(issuedKeySchema, rotated)
    answer(context, options, rotated, () => issued(key, secret))
    done(exitCodes.ok)
  })
}

const endpoints: readonly string[] = [...operations, ...protocolIds]

const collectEndpoint = (value: string, before: readonly string[] | undefined): readonly string[] => {
  if (endpoints.includes(value)) return collect(value, before)
  throw new InvalidArgumentError(
    `there is no such endpoint${suggestion(value, endpoints)}; known are ${endpoints.join(', ')}`,
  )
}

const issued = (key: ListedKey, secret: string): string =>
  [
    `id       ${key.id}`,
    `name     ${key.name}`,
    `scopes   ${scopesText(key)}`,
    ...(key.options.workMode === null ? [] : [`mode     ${key.options.workMode}`]),
    `expires  ${key.expiresAt === null ? 'never' : `${timeText(key.expiresAt)} UTC`}`,
    `secret   ${secret}`,
    '',
    'The secret is shown this once: keep it now.',
    '',
  ].join('\n')

const stateOf = (key: ListedKey, now: number): string => {
  if (key.revokedAt !== null) return 'revoked'
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired'
  return key.disabled ? 'disabled' : 'active'
}

const scopesText = ({ scopes: { models, endpoints: allowed, providers } }: ListedKey): string => {
  const parts = Object.entries({ models, endpoints: allowed, providers }).flatMap(([name, list]) =>
    list === null ? [] : [`${name}: ${list.length === 0 ? 'none' : list.join(' ')}`],
  )
  return parts.length === 0 ? 'everything' : parts.join('; ')
}
