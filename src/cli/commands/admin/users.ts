import { Command, Option } from 'commander'
import { roles, userStates } from '../../../accounts/index.ts'
import { createdUserSchema, type ListedUser, removedUserSchema, userSchema } from '../../account-answers.ts'
import { type AdminClient, addServerOptions, connect, type ServerOptions } from '../../admin-client.ts'
import { readAnswer } from '../../answers.ts'
import { exitCodes } from '../../exit-codes.ts'
import { findOrganisation, findTeam, findUser, listUsers } from '../../find-account.ts'
import { answer, note } from '../../output.ts'
import type { CommandMaker } from '../../program.ts'
import { table, timeText } from '../../table.ts'
import { exportCommand, importCommand } from './user-files.ts'

export const usersCommand: CommandMaker = (context, done) => {
  const users = new Command('users').description('people of an organisation, and what they may')
  const commands = [
    ...[createCommand('create'), createCommand('invite'), listCommand, updateCommand],
    ...[stateCommand('suspend'), stateCommand('activate'), deleteCommand, importCommand, exportCommand],
  ]
  for (const make of commands) users.addCommand(make(context, done))
  return users.addHelpText('after', '\nExample:\n  $ tgw admin users list\n')
}

interface PlaceOptions extends ServerOptions {
  readonly organisation?: string
}

interface UserOptions extends PlaceOptions {
  readonly name?: string
  readonly role?: string
  readonly team?: string | false
}

const organisationFlag = ['--organisation <name>', 'id or name of the organisation'] as const
const roleOption = () => new Option('--role <role>', 'what they may').choices(roles)

const createCommand =
  (word: 'create' | 'invite'): CommandMaker =>
  (context, done) => {
    const command = new Command(word)
      .description(
        word === 'create'
          ? 'create a user'
          : 'create a user who has yet to sign in, and tell them by mail where a mail server is set',
      )
      .argument('<email>', 'e-mail address')
      .option('--name <name>', 'name for people (default: what stands before the @)')
      .addOption(roleOption().default('member'))
      .option('--team <team>', 'id or name of the team')
      .option(...organisationFlag)
    addServerOptions(command).addHelpText(
      'after',
      `\nExample:\n  $ tgw admin users ${word} ada@example.com --name 'Ada Lovelace' --role admin\n`,
    )
    return command.action(async (email: string, options: UserOptions) => {
      const client = connect(context, options)
      const made = await client.call('POST', '/users', {
        ...{ email, role: options.role },
        ...(word === 'invite' ? { state: 'invited' } : {}),
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(await placeOf(client, options)),
      })
      const user = readAnswer(createdUserSchema, made)
      answer(context, options, made, () => `created ${user.id} (${user.email}, ${user.role})\n`)
      if (word === 'invite' && !user.isMailed)
        note(context, 'no mail was sent, since no mail server is set: `tgw admin login-link` prints a link')
      done(exitCodes.ok)
    })
  }

interface ListOptions extends PlaceOptions {
  readonly role?: string
  readonly state?: string
  readonly team?: string
}

const listCommand: CommandMaker = (context, done) => {
  const command = new Command('list')
    .description('list the users, newest first; without --state those that are not deleted')
    .addOption(roleOption())
    .addOption(new Option('--state <state>', 'only in this state').choices(userStates))
    .option('--team <team>', 'only of this team, by id or name')
    .option(...organisationFlag)
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw admin users list --role owner\n')
  return command.action(async (options: ListOptions) => {
    const client = connect(context, options)
    const organisation = await findOrganisation(client, options.organisation)
    const team = await findTeam(client, options.team, organisation)
    const users = await listUsers(client, { organisation, team, role: options.role, state: options.state })
    answer(context, options, { users }, () =>
      table(
        ['ID', 'EMAIL', 'NAME', 'ROLE', 'STATE', 'TEAM', 'ORGANISATION', 'LAST SIGN-IN'],
        users.map((user) => [
          user.id,
          user.email,
          user.name,
          user.role,
          user.state,
          user.team,
          user.organisation,
          timeText(user.lastLoginAt),
        ]),
      ),
    )
    done(exitCodes.ok)
  })
}

const updateCommand: CommandMaker = (context, done) => {
  const command = new Command('update')
    .description('change a user; what is not named stays')
    .argument('<user>', 'id or e-mail address')
    .option('--email <email>', 'another e-mail address; links to the former one end')
    .option('--name <name>', 'name for people')
    .addOption(roleOption())
    .option('--team <team>', 'id or name of the team; the keys of the former one go along')
    .option('--no-team', 'no team')
    .option(...organisationFlag)
  addServerOptions(command).addHelpText(
    'after',
    '\nExample:\n  $ tgw admin users update ada@example.com --role viewer\n',
  )
  return command.action(async (named: string, options: UserOptions & { readonly email?: string }) => {
    const client = connect(context, options)
    const id = await findUser(client, named, options.organisation)
    const { team } = options
    const changed = await client.call('PATCH', `/users/${encodeURIComponent(id)}`, {
      ...(options.email === undefined ? {} : { email: options.email }),
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.role === undefined ? {} : { role: options.role }),
      ...(team === undefined
        ? {}
        : { team: team === false ? null : await findTeam(client, team, options.organisation) }),
    })
    const user = readAnswer(userSchema, changed)
    answer(context, options, changed, () => `changed ${titleOf(user)}\n`)
    done(exitCodes.ok)
  })
}

const stateCommand =
  (word: 'suspend' | 'activate'): CommandMaker =>
  (context, done) => {
    const command = new Command(word)
      .description(
        word === 'suspend'
          ? 'stop a user at once: sessions end, keys do not work until activated again'
          : 'let a suspended user and the user’s keys in again',
      )
      .argument('<user>', 'id or e-mail address')
      .option(...organisationFlag)
    addServerOptions(command).addHelpText(
      'after',
      `\nExample:\n  $ tgw admin users ${word} ada@example.com\n`,
    )
    return command.action(async (named: string, options: PlaceOptions) => {
      const client = connect(context, options)
      const id = await findUser(client, named, options.organisation)
      const changed = await client.call('POST', `/users/${encodeURIComponent(id)}/${word}`)
      const user = readAnswer(userSchema, changed)
      answer(context, options, changed, () => `${user.state} ${titleOf(user)}\n`)
      done(exitCodes.ok)
    })
  }

const deleteCommand: CommandMaker = (context, done) => {
  const command = new Command('delete')
    .description('delete a user for ever: keys are revoked, past usage keeps its user')
    .argument('<user>', 'id or e-mail address')
    .option(...organisationFlag)
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw admin users delete ada@example.com\n')
  return command.action(async (named: string, options: PlaceOptions) => {
    const client = connect(context, options)
    const id = await findUser(client, named, options.organisation)
    const removed = await client.call('DELETE', `/users/${encodeURIComponent(id)}`)
    const user = readAnswer(removedUserSchema, removed)
    answer(
      context,
      options,
      removed,
      () => `deleted ${titleOf(user)}, keys revoked: ${user.revokedKeys.length}\n`,
    )
    done(exitCodes.ok)
  })
}

const placeOf = async (client: AdminClient, options: UserOptions) => {
  const organisation = await findOrganisation(client, options.organisation)
  const team = await findTeam(client, options.team === false ? undefined : options.team, organisation)
  return {
    ...(organisation === undefined ? {} : { organisation }),
    ...(team === undefined ? {} : { team }),
  }
}

const titleOf = ({ id, email }: ListedUser): string => (email === null ? id : `${id} (${email})`)
