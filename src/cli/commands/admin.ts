import { Command } from 'commander'
import type { CommandMaker } from '../program.ts'
import { apiKeysCommand } from './admin/api-keys.ts'
import { loginLinkCommand } from './admin/login-link.ts'
import { organisationsCommand } from './admin/organisations.ts'
import { sessionsCommand } from './admin/sessions.ts'
import { teamsCommand } from './admin/teams.ts'
import { usersCommand } from './admin/users.ts'

const commands: readonly CommandMaker[] = [
  usersCommand,
  teamsCommand,
  organisationsCommand,
  apiKeysCommand,
  loginLinkCommand,
  sessionsCommand,
]

export const adminCommand: CommandMaker = (context, done) => {
  const admin = new Command('admin').description('people: organisations, teams, users, and how they sign in')
  for (const make of commands) admin.addCommand(make(context, done))
  return admin.addHelpText('after', '\nExample:\n  $ tgw admin users create ada@example.com --role admin\n')
}
