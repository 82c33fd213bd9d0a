import type { Command } from 'commander'
import type { CliActions } from '../cli-actions.ts'
import { createProgram, forEachCommand } from './program.ts'

/** docs/cli.md: what `--help` says of every command. */
export const helpPage = (actions: CliActions): string => {
  const written: string[] = []
  const sink = { write: (text: string) => written.push(text), columns: 100 }
  // Nothing runs, so nothing is done.
  const program = createProgram(
    { env: {}, cwd: '/', home: '/', stdout: sink, stderr: sink, actions },
    () => undefined,
  )
  const sections: string[] = []
  forEachCommand(program, (command) => {
    if (command === program) return
    command.outputHelp()
    sections.push(
      `## \`${nameOf(command)}\`\n\n\`\`\`text\n${written.splice(0).join('').trimEnd()}\n\`\`\`\n`,
    )
  })
  return [intro, ...sections].join('\n')
}

const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`

const intro = `# Command line

<!-- Written by tools/build-cli-docs.ts from the help of the commands. Edit the commands, then run it. -->

\`tgw\` starts the server and talks to it. Every command explains itself with \`--help\`.

- **Which server.** The one of the data folder: \`--data-dir\`, \`TGW_DATA_DIR\`, \`data_dir\` of the file, or \`~/.tollgate\`. Only the user that runs the server can reach it so, since a token in that folder (\`cli.token\`, 0600, new at each start) is the way in. A server elsewhere is named by \`--url\`; its admin token is taken from \`TGW_ADMIN_TOKEN\`.
- **For scripts.** With \`--json\` there is JSON on standard output and nothing else; errors and notes go to standard error. No colours without a terminal, or with \`NO_COLOR\`.
- **Secrets** are shown once, where they are made (\`keys create\`, \`keys rotate\`), and masked everywhere else.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed, or something is wrong |
| 2 | wrong usage |
| 3 | no server runs |
| 78 | the configuration is invalid |

## First steps

\`\`\`sh
tgw start --daemon                                        # shows where the first key is
printf %s "$KEY" | tgw config set providers.openai.api_key -   # sealed, takes effect at once
tgw keys create --name alice --expires 30d
tgw doctor
tgw usage --by model --from 7d
\`\`\`
`
