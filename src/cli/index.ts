export type { CliContext } from './cli-context.ts'
export { helpPage } from './help-page.ts'
export { runCli } from './run-cli.ts'
