import { readFileSync, writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { z } from 'zod'
import { GatewayError } from '../../../errors.ts'
import { importSchema } from '../../account-answers.ts'
import { addServerOptions, connect, type ServerOptions } from '../../admin-client.ts'
import { readAnswer } from '../../answers.ts'
import { exitCodes } from '../../exit-codes.ts'
import { findOrganisation, findTeam } from '../../find-account.ts'
import { answer } from '../../output.ts'
import type { CommandMaker } from '../../program.ts'
import { readStdin } from '../../read-stdin.ts'
import { table } from '../../table.ts'

interface ImportOptions extends ServerOptions {
  readonly organisation?: string
  readonly team?: string
  readonly skipExisting?: true
  readonly atomic?: true
  readonly invite?: true
}

export const importCommand: CommandMaker = (context, done) => {
  const command = new Command('import')
    .description('create users from a CSV file: email,role,display_name; a header is optional')
    .argument('<file>', 'file in UTF-8, or - for standard input')
    .option('--skip-existing', 'rows whose e-mail address exists already are no failures')
    .option('--atomic', 'create all or none')
    .option('--invite', 'users who have yet to sign in, told by mail where a mail server is set')
    .option('--team <team>', 'team of all of them, by id or name')
    .option('--organisation <name>', 'id or name of the organisation')
  addServerOptions(command).addHelpText(
    'after',
    '\nExits with 1 when a row failed.\n\nExample:\n  $ tgw admin users import people.csv --skip-existing --atomic\n',
  )
  return command.action(async (file: string, options: ImportOptions) => {
    const csv = file === '-' ? await readStdin(context) : readText(file)
    const client = connect(context, options)
    const organisation = await findOrganisation(client, options.organisation)
    const team = await findTeam(client, options.team, organisation)
    const said = await client.call('POST', '/users/import', {
      csv,
      skipExisting: options.skipExisting === true,
      atomic: options.atomic === true,
      invite: options.invite === true,
      ...(organisation === undefined ? {} : { organisation }),
      ...(team === undefined ? {} : { team }),
    })
    const { rows, created, skipped, failed } = readAnswer(importSchema, said)
    answer(context, options, said, () =>
      [
        table(
          ['LINE>', 'EMAIL', 'RESULT', 'USER', 'REASON'],
          rows.map((row) => [row.line, row.email, row.result, row.user, row.reason]),
        ),
        `created ${created}, skipped ${skipped}, failed ${failed}\n`,
      ].join('\n'),
    )
    done(failed > 0 ? exitCodes.failed : exitCodes.ok)
  })
}

interface ExportOptions extends ServerOptions {
  readonly organisation?: string
  readonly output?: string
}

export const exportCommand: CommandMaker = (context, done) => {
  const command = new Command('export')
    .description('write the users as CSV, as `import` reads it')
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .option('--organisation <name>', 'id or name of the organisation')
  addServerOptions(command).addHelpText('after', '\nExample:\n  $ tgw admin users export -o people.csv\n')
  return command.action(async (options: ExportOptions) => {
    const client = connect(context, options)
    const organisation = await findOrganisation(client, options.organisation)
    const query = new URLSearchParams({ format: 'json' })
    if (organisation !== undefined) query.set('organisation', organisation)
    const said = await client.call('GET', `/users/export?${query}`)
    const { csv } = readAnswer(z.looseObject({ csv: z.string() }), said)
    if (options.output !== undefined) writeFileSync(options.output, csv, { mode: 0o600 })
    answer(context, options, said, () => (options.output === undefined ? csv : `wrote ${options.output}\n`))
    done(exitCodes.ok)
  })
}

/** Spreadsheets also write UTF-16 and Windows code pages: names would be wrong without a word. */
const readText = (file: string): string => {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new GatewayError('gateway_request_invalid', `${file} cannot be read (${code})`)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new GatewayError('gateway_request_invalid', `${file} is not UTF-8: save it as CSV in UTF-8`)
  }
}
