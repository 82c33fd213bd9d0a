import { Command } from 'commander'
import { removedTeamSchema, teamSchema, teamsSchema } from '../../account-answers.ts'
import { addServerOptions, connect, type ServerOptions } from '../../admin-client.ts'
import { readAnswer } from '../../answers.ts'
import { exitCodes } from '../../exit-codes.ts'
import { findOrganisation, findTeam } from '../../find-account.ts'
import { answer } from '../../output.ts'
import type { CommandMaker } from '../../program.ts'
import { table, timeText } from '../../table.ts'

interface TeamOptions extends ServerOptions {
  readonly organisation?: string
}

const organisationFlag = ['--organisation <name>', 'id or name of the organisation'] as const

export const teamsCommand: CommandMaker = (context, done) => {
  const create = new Command('create')
    .description('create a team')
    .argument('<name>', 'name for people')
    .option(...organisationFlag)
  addServerOptions(create)
    .addHelpText('after', '\nExample:\n  $ tgw admin teams create platform\n')
    .action(async (name: string, options: TeamOptions) => {
      const client = connect(context, options)
      const organisation = await findOrganisation(client, options.organisation)
      const made = await client.call('POST', '/teams', {
        name,
        ...(organisation === undefined ? {} : { organisation }),
      })
      const { id } = readAnswer(teamSchema, made)
      answer(context, options, made, () => `created ${id} (${name})\n`)
      done(exitCodes.ok)
    })
  const list = new Command('list').description('list the teams').option(...organisationFlag)
  addServerOptions(list)
    .addHelpText('after', '\nExample:\n  $ tgw admin teams list\n')
    .action(async (options: TeamOptions) => {
      const client = connect(context, options)
      const organisation = await findOrganisation(client, options.organisation)
      const query = organisation === undefined ? '' : `?organisation=${encodeURIComponent(organisation)}`
      const said = await client.call('GET', `/teams${query}`)
      const { teams } = readAnswer(teamsSchema, said)
      answer(context, options, said, () =>
        table(
          ['ID', 'NAME', 'ORGANISATION', 'CREATED'],
          teams.map((team) => [team.id, team.name, team.organisation, timeText(team.createdAt)]),
        ),
      )
      done(exitCodes.ok)
    })
  const remove = new Command('delete')
    .description('delete a team: its keys are revoked, its users stay without one')
    .argument('<team>', 'id or name')
    .option(...organisationFlag)
  addServerOptions(remove)
    .addHelpText('after', '\nExample:\n  $ tgw admin teams delete platform\n')
    .action(async (named: string, options: TeamOptions) => {
      const client = connect(context, options)
      const id = (await findTeam(client, named, options.organisation)) ?? named
      const said = await client.call('DELETE', `/teams/${encodeURIComponent(id)}`)
      const { revokedKeys } = readAnswer(removedTeamSchema, said)
      answer(context, options, said, () => `deleted ${id}, keys revoked: ${revokedKeys.length}\n`)
      done(exitCodes.ok)
    })
  return new Command('teams')
    .description('teams of an organisation')
    .addCommand(create)
    .addCommand(list)
    .addCommand(remove)
    .addHelpText('after', '\nExample:\n  $ tgw admin teams list\n')
}
