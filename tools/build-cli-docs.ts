/** Writes docs/cli.md from the help of the commands. */
import { join } from 'node:path'
import { helpPage } from '../src/cli/index.ts'
import { cliActions } from '../src/cli-actions.ts'

await Bun.write(
  join(import.meta.dir, '..', 'docs', 'cli.md'),
  helpPage(cliActions({ env: {}, cwd: '/', home: '/' })),
)
