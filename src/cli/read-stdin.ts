import type { CliContext } from './cli-context.ts'

/** All of standard input, without the newline at its end. */
export const readStdin = async ({ readStdin: given }: CliContext): Promise<string> =>
  (await (given ?? (() => Bun.stdin.text()))()).replace(/\r?\n$/, '')
