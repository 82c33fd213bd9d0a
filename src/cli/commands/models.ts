import { Command } from 'commander'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import { modelsSchema, readAnswer } from '../answers.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { countText, table } from '../table.ts'

interface Options extends ServerOptions {
  readonly provider?: string
}

export const modelsCommand: CommandMaker = (context, done) => {
  const command = new Command('models')
    .description('list the models that the server can name, with prices in US dollars per million tokens')
    .argument('[text]', 'only models whose name contains this')
    .option('--provider <id>', 'only those of this provider')
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw models claude --provider anthropic\n')
  return command.action(async (text: string | undefined, options: Options) => {
    const all = readAnswer(modelsSchema, await connect(context, options).call('GET', '/models')).models
    const models = all.filter(
      ({ id, provider }) =>
        (text === undefined || id.toLowerCase().includes(text.toLowerCase())) &&
        (options.provider === undefined || provider === options.provider),
    )
    answer(context, options, { models }, () =>
      table(
        ['MODEL', 'PROVIDER', 'CONTEXT>', 'OUTPUT>', 'INPUT $/M>', 'OUTPUT $/M>'],
        models.map(({ id, provider, contextWindow, maxOutputTokens, price }) => [
          id,
          provider,
          countText(contextWindow),
          countText(maxOutputTokens),
          price?.input,
          price?.output,
        ]),
      ),
    )
    done(exitCodes.ok)
  })
}
