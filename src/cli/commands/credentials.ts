import { Command } from 'commander'
import { GatewayError } from '../../errors.ts'
import { addServerOptions, type ServerOptions } from '../admin-client.ts'
import type { CliContext } from '../cli-context.ts'
import type { ListedCredential, TestedAnswer } from '../credential-answers.ts'
import { type CredentialCalls, credentialCalls } from '../credential-calls.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer, note } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { readSecret } from '../read-secret.ts'
import { table, timeText } from '../table.ts'

export const credentialsCommand: CommandMaker = (context, done) => {
  const credentials = new Command('credentials').description(
    'providers’ keys, sealed in the vault; with a running server each change counts at once',
  )
  for (const make of [addCommand, listCommand, testCommand, rotateCommand, removeCommand])
    credentials.addCommand(make(context, done))
  return credentials.addHelpText('after', '\nExample:\n  $ tgw credentials list\n')
}

interface TakeFlags extends ServerOptions {
  /** Commander's `--no-test`. */
  readonly test: boolean
  readonly force?: true
}

const takeFlags = (command: Command): Command =>
  command
    .option('--no-test', 'do not ask the provider first whether it takes the key')
    .option('--force', 'store it even when the provider refuses it')

interface AddOptions extends TakeFlags {
  readonly label: string
  readonly origin?: string
}

const addCommand: CommandMaker = (context, done) => {
  const command = new Command('add')
    .description('store a key for a provider, beside those that it has; it is read from standard input')
    .argument('<provider>', 'id of the provider')
    .option('--label <name>', 'tells it from others of this provider', 'default')
    .option('--origin <url>', 'the only address that it may go to (default: the one of the provider)')
  addServerOptions(takeFlags(command)).addHelpText(
    'after',
    '\nExamples:\n  $ tgw credentials add openai < key.txt\n  $ tgw credentials add openai --label second\n',
  )
  return command.action(async (provider: string, options: AddOptions) => {
    const calls = credentialCalls(context, options)
    const secret = await askSecret(context, `Key for ${provider}: `)
    const { label, origin, test, force = false } = options
    const added = await calls.add({ provider, label, secret, origin, test, force })
    tellDoubt(context, added)
    answer(context, options, added, () => `stored ${shown(added)}${verdict(added)}\n`)
    done(exitCodes.ok)
  })
}

const listCommand: CommandMaker = (context, done) => {
  const command = new Command('list')
    .description('list the keys that the vault holds, without their secrets')
    .argument('[provider]', 'only of this one')
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw credentials list openai\n')
  return command.action(async (provider: string | undefined, options: ServerOptions) => {
    const credentials = await credentialCalls(context, options).list(provider)
    answer(context, options, { credentials }, () =>
      table(
        ['ID', 'PROVIDER', 'LABEL', 'SECRET', 'ADDRESS', 'STATE', 'CHANGED'],
        credentials.map((one) => [
          ...[one.id, one.provider, one.label, one.shown, one.origin, one.state],
          timeText(one.updatedAt),
        ]),
      ),
    )
    done(exitCodes.ok)
  })
}

const testCommand: CommandMaker = (context, done) => {
  const command = new Command('test')
    .description('ask the provider whether it takes a stored key; costs nothing')
    .argument('<credential>', 'id, or provider/label')
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw credentials test openai/default\n')
  return command.action(async (named: string, options: ServerOptions) => {
    const calls = credentialCalls(context, options)
    const tested = await calls.test((await findCredential(calls, named)).id)
    answer(context, options, tested, () => `${shown(tested)}: ${tested.test.message}\n`)
    done(tested.test.outcome === 'refused' ? exitCodes.failed : exitCodes.ok)
  })
}

const rotateCommand: CommandMaker = (context, done) => {
  const command = new Command('rotate')
    .description('put another key in the place of a stored one; it is read from standard input')
    .argument('<credential>', 'id, or provider/label')
  addServerOptions(takeFlags(command)).addHelpText(
    'after',
    '\nExample:\n  $ tgw credentials rotate openai/default < key.txt\n',
  )
  return command.action(async (named: string, options: TakeFlags) => {
    const calls = credentialCalls(context, options)
    const { id, provider, label } = await findCredential(calls, named)
    const secret = await askSecret(context, `New key for ${provider}/${label}: `)
    const { test, force = false } = options
    const rotated = await calls.rotate(id, secret, { test, force })
    tellDoubt(context, rotated)
    answer(context, options, rotated, () => `rotated ${shown(rotated)}${verdict(rotated)}\n`)
    done(exitCodes.ok)
  })
}

interface RemoveOptions extends ServerOptions {
  readonly force?: true
}

const removeCommand: CommandMaker = (context, done) => {
  const command = new Command('remove')
    .description('remove a stored key')
    .argument('<credential>', 'id, or provider/label')
    .option('--force', 'even when the settings name it, so that the next start fails without another')
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw credentials remove openai/second\n')
  return command.action(async (named: string, options: RemoveOptions) => {
    const calls = credentialCalls(context, options)
    const removed = await calls.remove((await findCredential(calls, named)).id, options.force === true)
    answer(context, options, removed, () => `removed ${shown(removed)}\n`)
    done(exitCodes.ok)
  })
}

const askSecret = async (context: CliContext, prompt: string): Promise<string> => {
  const secret = await readSecret(context, prompt)
  if (secret !== '') return secret
  throw new GatewayError('gateway_request_invalid', 'no key was given: write it to standard input')
}

/** By id, by `provider/label`, or by the provider that has only one. Throws `not_found` or `conflict`. */
const findCredential = async (calls: CredentialCalls, named: string): Promise<ListedCredential> => {
  const all = await calls.list()
  const exact = all.find(({ id, provider, label }) => id === named || `${provider}/${label}` === named)
  if (exact !== undefined) return exact
  const [first, second] = all.filter(({ provider }) => provider === named)
  if (first === undefined)
    // What was given may be a secret that somebody pasted, so it is not repeated.
    throw new GatewayError('not_found', 'no credential has this id or name: see `tgw credentials list`')
  if (second === undefined) return first
  throw new GatewayError('conflict', `${named} has several credentials: name one as ${named}/<label>`)
}

const shown = ({ id, provider, label, shown: secret, origin }: ListedCredential): string =>
  `${provider}/${label} (${id}, ${secret}, for ${origin})`

const verdict = ({ test }: TestedAnswer): string => (test.outcome === 'accepted' ? `: ${test.message}` : '')

/** What was stored without the provider's consent is said beside the answer. */
const tellDoubt = (context: CliContext, { test }: TestedAnswer): void => {
  if (test.outcome === 'accepted' || test.outcome === 'skipped') return
  note(context, `warning: ${test.message}; the key was stored`)
}
