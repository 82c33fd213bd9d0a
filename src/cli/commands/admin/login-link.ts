import { Command } from 'commander'
import { linksSchema } from '../../account-answers.ts'
import { addServerOptions, connect, type ServerOptions } from '../../admin-client.ts'
import { readAnswer } from '../../answers.ts'
import { exitCodes } from '../../exit-codes.ts'
import { findOrganisation } from '../../find-account.ts'
import { answer, note } from '../../output.ts'
import type { CommandMaker } from '../../program.ts'

interface LinkOptions extends ServerOptions {
  readonly organisation?: string
}

export const loginLinkCommand: CommandMaker = (context, done) => {
  const command = new Command('login-link')
    .description(
      'print a link that signs somebody in to the console, once; on the machine of the server only',
    )
    .argument('<email>', 'e-mail address of a user; the first one is admin@local')
    .option('--organisation <name>', 'only for this organisation, by id or name')
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw admin login-link admin@local\n')
  return command.action(async (email: string, options: LinkOptions) => {
    const client = connect(context, options)
    const organisation = await findOrganisation(client, options.organisation)
    const said = await client.call('POST', '/login/links', {
      email,
      ...(organisation === undefined ? {} : { organisation }),
    })
    const { links, expiresInSeconds } = readAnswer(linksSchema, said)
    answer(context, options, said, () =>
      links
        .map(({ link, organisationName }) =>
          links.length === 1 ? `${link}\n` : `${organisationName}  ${link}\n`,
        )
        .join(''),
    )
    note(context, `valid for ${expiresInSeconds / 60} minutes, once`)
    done(exitCodes.ok)
  })
}
