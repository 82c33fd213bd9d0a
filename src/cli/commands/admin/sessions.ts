import { Command } from 'commander'
import { revokedSessionsSchema, sessionsSchema } from '../../account-answers.ts'
import { addServerOptions, connect, type ServerOptions } from '../../admin-client.ts'
import { readAnswer } from '../../answers.ts'
import { exitCodes } from '../../exit-codes.ts'
import { findUser } from '../../find-account.ts'
import { answer } from '../../output.ts'
import type { CommandMaker } from '../../program.ts'
import { table, timeText } from '../../table.ts'

interface SessionOptions extends ServerOptions {
  readonly user?: string
}

export const sessionsCommand: CommandMaker = (context, done) => {
  const list = new Command('list')
    .description('list who is signed in, newest first (at most a thousand)')
    .option('--user <user>', 'only this one, by id or e-mail address')
  addServerOptions(list)
    .addHelpText('after', '\nExample:\n  $ tgw admin sessions list --user ada@example.com\n')
    .action(async (options: SessionOptions) => {
      const client = connect(context, options)
      const query = new URLSearchParams({ limit: '1000' })
      if (options.user !== undefined) query.set('user', await findUser(client, options.user))
      const said = await client.call('GET', `/sessions?${query}`)
      const { sessions } = readAnswer(sessionsSchema, said)
      answer(context, options, said, () =>
        table(
          ['ID', 'USER', 'ADDRESS', 'SIGNED IN', 'LAST USED', 'ENDS', 'BROWSER'],
          sessions.map((session) => [
            session.id,
            session.user,
            session.address,
            timeText(session.createdAt),
            timeText(session.lastUsedAt),
            timeText(session.expiresAt),
            session.agent.slice(0, 40),
          ]),
        ),
      )
      done(exitCodes.ok)
    })
  const revoke = new Command('revoke')
    .description('end a session, or all of a user, at once')
    .argument('<session or user>', 'id of a session; id or e-mail address of a user for all of theirs')
  addServerOptions(revoke)
    .addHelpText('after', '\nExample:\n  $ tgw admin sessions revoke ada@example.com\n')
    .action(async (named: string, options: ServerOptions) => {
      const client = connect(context, options)
      const path = named.startsWith('session_')
        ? `/sessions/${encodeURIComponent(named)}`
        : `/sessions?user=${encodeURIComponent(await findUser(client, named))}`
      const said = await client.call('DELETE', path)
      const { revoked } = readAnswer(revokedSessionsSchema, said)
      answer(context, options, said, () => `sessions ended: ${revoked}\n`)
      done(exitCodes.ok)
    })
  return new Command('sessions')
    .description('who is signed in to the console')
    .addCommand(list)
    .addCommand(revoke)
    .addHelpText('after', '\nExample:\n  $ tgw admin sessions list\n')
}
