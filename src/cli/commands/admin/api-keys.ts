import { Command } from 'commander'
import { z } from 'zod'
import { userSchema } from '../../account-answers.ts'
import { type AdminClient, addServerOptions, connect, type ServerOptions } from '../../admin-client.ts'
import { issuedKeySchema, keySchema, readAnswer } from '../../answers.ts'
import { exitCodes } from '../../exit-codes.ts'
import { findUser, listUsers } from '../../find-account.ts'
import { findKey } from '../../list-keys.ts'
import { answer } from '../../output.ts'
import { parseSpan } from '../../parse-time.ts'
import type { CommandMaker } from '../../program.ts'
import { table, timeText } from '../../table.ts'

interface CreateOptions extends ServerOptions {
  readonly user: string
  readonly name?: string
  readonly expires?: number
}

/** Keys seen from their users; `tgw keys` has all that a key can be told. */
export const apiKeysCommand: CommandMaker = (context, done) => {
  const create = new Command('create')
    .description('create a virtual key of a user; its secret is printed this once')
    .requiredOption('--user <user>', 'id or e-mail address of the user')
    .option('--name <name>', 'name for people (default: the e-mail address)')
    .option('--expires <span>', 'valid for so long: 30d, 12h', parseSpan)
  addServerOptions(create)
    .addHelpText('after', '\nExample:\n  $ tgw admin api-keys create --user ada@example.com --expires 90d\n')
    .action(async (options: CreateOptions) => {
      const client = connect(context, options)
      const user = await findUser(client, options.user)
      const { organisation, email, id } = readAnswer(
        userSchema,
        await client.call('GET', `/users/${encodeURIComponent(user)}`),
      )
      const made = await client.call('POST', '/keys', {
        name: options.name ?? email ?? id,
        ...{ user, organisation },
        ...(options.expires === undefined ? {} : { expiresAt: Date.now() + options.expires }),
      })
      const { secret, ...key } = readAnswer(issuedKeySchema, made)
      answer(context, options, made, () =>
        [
          `id       ${key.id}`,
          `name     ${key.name}`,
          `user     ${user}`,
          `expires  ${key.expiresAt === null ? 'never' : `${timeText(key.expiresAt)} UTC`}`,
          `secret   ${secret}`,
          '',
          'The secret is shown this once: keep it now.',
          '',
        ].join('\n'),
      )
      done(exitCodes.ok)
    })
  const list = new Command('list')
    .description('list the live keys of users, newest first')
    .option('--user <user>', 'only of this one, by id or e-mail address')
  addServerOptions(list)
    .addHelpText('after', '\nExample:\n  $ tgw admin api-keys list --user ada@example.com\n')
    .action(async (options: ServerOptions & { readonly user?: string }) => {
      const client = connect(context, options)
      const user = options.user === undefined ? undefined : await findUser(client, options.user)
      const keys = await userKeys(client, user)
      const names = new Map((await listUsers(client, {})).map(({ id, email }) => [id, email]))
      answer(context, options, { keys }, () =>
        table(
          ['ID', 'NAME', 'SECRET', 'USER', 'STATE', 'EXPIRES', 'LAST USED'],
          keys.map((key) => [
            key.id,
            key.name,
            key.prefix,
            names.get(key.user ?? '') ?? key.user,
            stateOf(key, Date.now()),
            key.expiresAt === null ? 'never' : timeText(key.expiresAt),
            timeText(key.lastUsedAt),
          ]),
        ),
      )
      done(exitCodes.ok)
    })
  const remove = new Command('delete')
    .description('end a key at once and for ever')
    .argument('<key>', 'id, or a name that only one key has')
  addServerOptions(remove)
    .addHelpText('after', '\nExample:\n  $ tgw admin api-keys delete key_019a…\n')
    .action(async (named: string, options: ServerOptions) => {
      const client = connect(context, options)
      const id = await findKey(client, named)
      const revoked = await client.call('DELETE', `/keys/${encodeURIComponent(id)}`)
      const key = readAnswer(keySchema, revoked)
      answer(context, options, revoked, () => `revoked ${key.id} (${key.name})\n`)
      done(exitCodes.ok)
    })
  return new Command('api-keys')
    .description('virtual keys of users')
    .addCommand(create)
    .addCommand(list)
    .addCommand(remove)
    .addHelpText('after', '\nExample:\n  $ tgw admin api-keys list\n')
}

const userKeySchema = keySchema.extend({
  user: z.string().nullable(),
  suspended: z.boolean().default(false),
})

type UserKey = z.output<typeof userKeySchema>

const pageSize = 1000

/** Of one user, or of all users: service keys, which are nobody's, are left out. */
const userKeys = async (client: AdminClient, user: string | undefined): Promise<readonly UserKey[]> => {
  const found: UserKey[] = []
  let after: string | undefined
  for (;;) {
    const query = new URLSearchParams({ limit: String(pageSize), live: 'true' })
    if (user !== undefined) query.set('user', user)
    if (after !== undefined) query.set('after', after)
    const { keys } = readAnswer(
      z.looseObject({ keys: z.array(userKeySchema) }),
      await client.call('GET', `/keys?${query}`),
    )
    found.push(...keys.filter((key) => key.user !== null))
    after = keys.at(-1)?.id
    if (keys.length < pageSize) return found
  }
}

const stateOf = (key: UserKey, now: number): string => {
  if (key.suspended) return 'suspended'
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired'
  return key.disabled ? 'disabled' : 'active'
}
