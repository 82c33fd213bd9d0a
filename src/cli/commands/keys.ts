import { Command, Option } from 'commander'
import { GatewayError } from '../../errors.ts'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { issuedKeySchema, keySchema, type ListedKey, readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { addKeyFlags, type Expiry, endpoints, type KeyFlags, keyFields, parseExpiry } from '../key-flags.ts'
import { findKey, listKeys } from '../list-keys.ts'
import { answer } from '../output.ts'
import { parseSpan } from '../parse-time.ts'
import type { CommandMaker } from '../program.ts'
import { printable, table, timeText } from '../table.ts'

export const keysCommand: CommandMaker = (context, done) => {
  const keys = new Command('keys').description(
    'virtual keys (tgw-sk-…): what clients use in place of a provider’s key',
  )
  for (const make of [createCommand, listCommand, updateCommand, rotateCommand, revokeCommand])
    keys.addCommand(make(context, done))
  return keys.addHelpText('after', '\nExample:\n  $ tgw keys list\n')
}

interface CreateOptions extends KeyFlags {
  readonly name: string
  readonly team?: string
  readonly user?: string
}

const createCommand: CommandMaker = (context, done) => {
  const command = new Command('create')
    .description('create a key; its secret is printed this once')
    .requiredOption('--name <name>', 'name for people')
  addKeyFlags(command)
    .option('--team <id>', 'team that it belongs to')
    .option('--user <id>', 'user that it belongs to')
  addServerOptions(command).addHelpText(
    'after',
    `${listsHelp}\nExamples:\n  $ tgw keys create --name alice --expires 30d\n  $ tgw keys create --name ci --models 'claude-*,gpt-5' --tags ci --allow-address 10.0.0.0/8\n`,
  )
  return command.action(async (options: CreateOptions) => {
    const created = await connect(context, options).call('POST', '/keys', {
      name: options.name,
      ...keyFields(options),
      ...(options.team === undefined ? {} : { team: options.team }),
      ...(options.user === undefined ? {} : { user: options.user }),
    })
    const { secret, ...key } = readAnswer(issuedKeySchema, created)
    answer(context, options, created, () => issued(key, secret))
    done(exitCodes.ok)
  })
}

interface UpdateOptions extends KeyFlags {
  readonly name?: string
  readonly disable?: true
  readonly enable?: true
}

const updateCommand: CommandMaker = (context, done) => {
  const command = new Command('update')
    .description('change what a key may do; what is not named stays, the secret too')
    .argument('<key>', 'id, or a name that only one key has')
    .option('--name <name>', 'another name')
  addKeyFlags(command)
    .addOption(new Option('--disable', 'refuse it until it is enabled').conflicts('enable'))
    .option('--enable', 'let it in again')
  addServerOptions(command).addHelpText(
    'after',
    `${listsHelp}\nExamples:\n  $ tgw keys update alice --models any --expires never\n  $ tgw keys update ci --disable\n`,
  )
  return command.action(async (named: string, options: UpdateOptions) => {
    const change = {
      ...(options.name === undefined ? {} : { name: options.name }),
      ...keyFields(options),
      ...(options.disable === true ? { disabled: true } : {}),
      ...(options.enable === true ? { disabled: false } : {}),
    }
    if (Object.keys(change).length === 0) {
      throw new GatewayError(
        'gateway_request_invalid',
        'name what is to change: see `tgw keys update --help`',
      )
    }
    const client = connect(context, options)
    const path = `/keys/${encodeURIComponent(await findKey(client, named))}`
    const updated = await client.call('PATCH', path, change)
    answer(context, options, updated, () => described(readAnswer(keySchema, updated)))
    done(exitCodes.ok)
  })
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
        ['ID', 'NAME', 'SECRET', 'STATE', 'SCOPES', 'TAGS', 'WORK MODE', 'EXPIRES', 'LAST USED'],
        keys.map((key) => [
          key.id,
          key.name,
          key.prefix,
          stateOf(key, Date.now()),
          scopesText(key),
          key.options.tags.join(' '),
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
  readonly expires?: Expiry
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
    .option('--expires <span>', 'the key as a whole ends so long from now: 90d', parseExpiry)
  addServerOptions(command).addHelpText(
    'after',
    '\nExample:\n  $ tgw keys rotate alice --overlap 1d --expires 90d\n',
  )
  return command.action(async (named: string, options: RotateOptions) => {
    const { expires } = options
    if (expires !== undefined && 'at' in expires)
      throw new GatewayError('gateway_request_invalid', '--expires takes a span here, such as 90d')
    const client = connect(context, options)
    const path = `/keys/${encodeURIComponent(await findKey(client, named))}/rotate`
    const rotated = await client.call('POST', path, {
      overlapSeconds: (options.overlap ?? 0) / 1000,
      ...(expires === undefined ? {} : { expireInSeconds: expires.inSeconds }),
    })
    const { secret, ...key } = readAnswer(issuedKeySchema, rotated)
    answer(context, options, rotated, () => issued(key, secret))
    done(exitCodes.ok)
  })
}

const listsHelp = `
Lists are written with commas, or option by option; \`any\` lifts a bound, \`none\` allows nothing.
Endpoints: ${endpoints.join(', ')}
`

const issued = (key: ListedKey, secret: string): string =>
  [`${described(key)}secret    ${secret}`, '', 'The secret is shown this once: keep it now.', ''].join('\n')

/** A line for each thing that was said of a key. */
const described = (key: ListedKey): string => {
  const { tags, allowedAddresses, workMode, routing } = key.options
  const metadata = Object.entries(key.metadata).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const lines: readonly (readonly [string, string])[] = [
    ['id', key.id],
    ['name', key.name],
    ...(key.disabled ? [['state', 'disabled'] as const] : []),
    ['scopes', scopesText(key)],
    ...(tags.length === 0 ? [] : [['tags', tags.join(' ')] as const]),
    ...(allowedAddresses === null ? [] : [['from', allowedAddresses.join(' ') || 'nowhere'] as const]),
    ...(workMode === null ? [] : [['mode', workMode] as const]),
    ...(routing.strategy === null ? [] : [['strategy', routing.strategy] as const]),
    ...(routing.prefer.length === 0 ? [] : [['prefers', routing.prefer.join(' ')] as const]),
    ...(metadata.length === 0 ? [] : [['metadata', metadata.join(' ')] as const]),
    ['expires', key.expiresAt === null ? 'never' : `${timeText(key.expiresAt)} UTC`],
  ]
  return lines.map(([name, text]) => `${name.padEnd(9)} ${printable(text)}\n`).join('')
}

const stateOf = (key: ListedKey, now: number): string => {
  if (key.revokedAt !== null) return 'revoked'
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired'
  return key.disabled ? 'disabled' : 'active'
}

const scopesText = ({ scopes: { models, endpoints: allowed, providers, tags } }: ListedKey): string => {
  const parts = Object.entries({ models, endpoints: allowed, providers, tags }).flatMap(([name, list]) =>
    list === null ? [] : [`${name}: ${list.length === 0 ? 'none' : list.join(' ')}`],
  )
  return parts.length === 0 ? 'everything' : parts.join('; ')
}
