import { homedir } from 'node:os'
import { runCli } from './cli/index.ts'
import { cliActions } from './cli-actions.ts'
import { isConfigError } from './config/index.ts'
import { loadSettings } from './load-settings.ts'
import { workerFlags } from './start-server.ts'
import { configExitCode, isWorker } from './supervisor/index.ts'

const surroundings = { env: process.env, cwd: process.cwd(), home: process.env['HOME'] ?? homedir() }

/** The supervisor starts the program anew as its worker. */
const work = async (): Promise<void> => {
  try {
    // Only a worker takes the whole program: a command, and the process that supervises, start in half the time.
    const { serve } = await import('./serve.ts')
    const flags = workerFlags(process.env)
    await serve({ load: () => loadSettings({ ...surroundings, flags }), env: process.env })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'the server could not start'}\n`)
    process.exit(isConfigError(error) ? configExitCode : 1)
  }
}

if (isWorker()) await work()
else {
  const { stdout, stderr } = process
  const actions = cliActions(surroundings)
  process.exitCode = await runCli(process.argv.slice(2), { ...surroundings, stdout, stderr, actions })
}
