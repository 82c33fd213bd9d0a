import { CommanderError } from 'commander'
import type { CliContext } from './cli-context.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { errorText, note } from './output.ts'
import { createProgram } from './program.ts'

/** Runs one command line (without the name of the program); returns the exit code. Throws nothing. */
export const runCli = async (argv: readonly string[], context: CliContext): Promise<number> => {
  let code: number = exitCodes.ok
  // `tgw … | head` ends well: who closes the pipe has read enough.
  context.stdout.on?.('error', () => undefined)
  const program = createProgram(context, (given) => {
    code = given
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    // Commander has written what is wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    note(context, `tgw: ${errorText(error)}`)
    return exitCodeOf(error)
  }
}
