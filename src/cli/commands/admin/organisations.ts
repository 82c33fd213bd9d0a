import { Command } from 'commander'
import { organisationSchema, organisationsSchema } from '../../account-answers.ts'
import { addServerOptions, connect, type ServerOptions } from '../../admin-client.ts'
import { readAnswer } from '../../answers.ts'
import { exitCodes } from '../../exit-codes.ts'
import { answer } from '../../output.ts'
import type { CommandMaker } from '../../program.ts'
import { table, timeText } from '../../table.ts'

export const organisationsCommand: CommandMaker = (context, done) => {
  const create = new Command('create')
    .description('create an organisation: its users, keys and usage are apart from all others')
    .argument('<name>', 'name for people')
  addServerOptions(create)
    .addHelpText('after', '\nExample:\n  $ tgw admin organisations create acme\n')
    .action(async (name: string, options: ServerOptions) => {
      const made = await connect(context, options).call('POST', '/organisations', { name })
      const { id } = readAnswer(organisationSchema, made)
      answer(context, options, made, () => `created ${id} (${name})\n`)
      done(exitCodes.ok)
    })
  const list = new Command('list').description('list the organisations')
  addServerOptions(list)
    .addHelpText('after', '\nExample:\n  $ tgw admin organisations list\n')
    .action(async (options: ServerOptions) => {
      const said = await connect(context, options).call('GET', '/organisations')
      const { organisations } = readAnswer(organisationsSchema, said)
      answer(context, options, said, () =>
        table(
          ['ID', 'NAME', 'CREATED'],
          organisations.map(({ id, name, createdAt }) => [id, name, timeText(createdAt || null)]),
        ),
      )
      done(exitCodes.ok)
    })
  return new Command('organisations')
    .description('organisations of this server')
    .addCommand(create)
    .addCommand(list)
    .addHelpText('after', '\nExample:\n  $ tgw admin organisations list\n')
}
