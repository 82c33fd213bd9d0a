import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { CliContext } from './cli-context.ts'
import { readStdin } from './read-stdin.ts'

/** A secret from standard input: the whole of it, or one line that is typed and not shown. Never an argument. */
export const readSecret = async (context: CliContext, prompt: string): Promise<string> => {
  if (context.readStdin !== undefined || process.stdin.isTTY !== true)
    return (await readStdin(context)).trim()
  context.stderr.write(prompt)
  const unseen = new Writable({ write: (_bytes, _encoding, done) => done() })
  const line = createInterface({ input: process.stdin, output: unseen, terminal: true })
  const left = Promise.withResolvers<string>()
  // Control-C and control-D.
  line.once('close', () => left.resolve(''))
  try {
    return (await Promise.race([line.question(''), left.promise])).trim()
  } finally {
    line.close()
    context.stderr.write('\n')
  }
}
