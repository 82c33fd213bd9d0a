import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { GatewayError } from '../../errors.ts'
import { localClient } from '../admin-client.ts'
import { readAnswer } from '../answers.ts'
import type { CliContext } from '../cli-context.ts'
import { type RotatedVault, rotatedVaultSchema } from '../credential-answers.ts'
import { findDataFolder } from '../data-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { addJsonOption, addPlaceOptions, type JsonOption, type PlaceOptions } from '../start-flags.ts'

export const vaultCommand: CommandMaker = (context, done) => {
  const vault = new Command('vault').description('the keys that seal credentials and virtual keys')
  vault.addCommand(rotateCommand(context, done))
  return vault.addHelpText('after', '\nExample:\n  $ tgw vault rotate\n')
}

interface RotateOptions extends PlaceOptions, JsonOption {
  readonly newKeyFile?: string
}

const rotateCommand: CommandMaker = (context, done) => {
  const command = new Command('rotate')
    .description('wrap the vault’s keys with another master key; nothing that they seal changes')
    .option(
      '--new-key-file <path>',
      'file with the new key, 32 random bytes in base64 (default: TGW_NEXT_MASTER_KEY, else one is made)',
    )
  addJsonOption(addPlaceOptions(command)).addHelpText(
    'after',
    '\nWith the server of this machine or without it. A rotation that is cut off is finished by the next start.\n\nExamples:\n  $ tgw vault rotate\n  $ tgw vault rotate --new-key-file /run/secrets/next\n',
  )
  return command.action(async (options: RotateOptions) => {
    const { dataDir, settings } = findDataFolder(context, options)
    const next = nextKey(context, options)
    const client = localClient(dataDir, settings?.listen.tls !== undefined)
    if (client === undefined && settings === undefined) {
      throw new GatewayError('server_not_running', `no server runs in ${dataDir}, and the settings are wrong`)
    }
    const rotated =
      client === undefined && settings !== undefined
        ? await context.actions.rotateVaultOffline(settings, next)
        : readAnswer(
            rotatedVaultSchema,
            await client?.call('POST', '/vault/rotate', next === undefined ? {} : { next }),
          )
    answer(context, options, rotated, () => told(rotated, dataDir))
    done(exitCodes.ok)
  })
}

const nextKey = ({ cwd, env }: CliContext, { newKeyFile }: RotateOptions): string | undefined => {
  if (newKeyFile === undefined) return env['TGW_NEXT_MASTER_KEY']
  try {
    return readFileSync(resolve(cwd, newKeyFile), 'utf8').trim()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new GatewayError('gateway_request_invalid', `${newKeyFile} cannot be read (${code})`)
  }
}

const told = ({ before, after, keys, source }: RotatedVault, dataDir: string): string =>
  [
    `The master key is ${after} now; it was ${before}. It wraps ${keys} keys; what they seal is as it was.`,
    ...(source === 'file'
      ? [
          `${dataDir}/master.key holds it. master.key.${before} beside it opens backups of the database from before:`,
          'delete it when there are none. Other machines with this database need a copy of the new file.',
        ]
      : [
          'Before the next start, set TGW_MASTER_KEY to the new key wherever it is set, and drop TGW_NEXT_MASTER_KEY.',
          'Keep the old key as long as there are backups of the database from before.',
        ]),
    '',
  ].join('\n')
