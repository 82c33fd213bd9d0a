import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { GatewayError } from '../../errors.ts'
import { writeConfigFile } from '../config-file.ts'
import { exitCodes } from '../exit-codes.ts'
import { firstConfig } from '../first-config.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { addJsonOption, type JsonOption } from '../start-flags.ts'

interface Options extends JsonOption {
  readonly config?: string
  readonly force?: true
}

export const initCommand: CommandMaker = (context, done) => {
  const command = new Command('init')
    .description('write a commented tollgate.yaml to start from')
    .option('--config <file>', 'the file to write (default: ./tollgate.yaml)')
    .option('--force', 'overwrite a file that exists')
  addJsonOption(command).addHelpText('after', '\nExample:\n  $ tgw init\n')
  return command.action((options: Options) => {
    const file = resolve(context.cwd, options.config ?? 'tollgate.yaml')
    if (existsSync(file) && options.force !== true) {
      throw new GatewayError('conflict', `${file} exists already: edit it, or overwrite it with --force`)
    }
    writeConfigFile(file, firstConfig)
    answer(
      context,
      options,
      { file },
      () => `wrote ${file}\nnext: \`tgw config check\`, then \`tgw start\`\n`,
    )
    done(exitCodes.ok)
  })
}
