import { homedir } from 'node:os'
import { isConfigError } from './config/index.ts'
import { loadSettings } from './load-settings.ts'
import { workerFlags } from './start-server.ts'
import { configExitCode, isWorker } from './supervisor/index.ts'

const surroundings = { env: process.env, cwd: process.cwd(), home: process.env['HOME'] ?? homedir() }

// Each process takes its own half of the program alone, and starts sooner for it.

/** The supervisor starts the program anew as its worker. */
const work = async (): Promise<void> => {
  try {
    const { serve } = await import('./serve.ts')
    const flags = workerFlags(process.env)
    await serve({ load: () => loadSettings({ ...surroundings, flags }), env: process.env })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'the server could not start'}\n`)
    process.exit(isConfigError(error) ? configExitCode : 1)
  }
}

/** A command, or what supervises the workers. */
const command = async (): Promise<void> => {
  const [{ runCli }, { cliActions }] = await Promise.all([
    import('./cli/index.ts'),
    import('./cli-actions.ts'),
  ])
  const { stdout, stderr } = process
  const actions = cliActions(surroundings)
  process.exitCode = await runCli(process.argv.slice(2), { ...surroundings, stdout, stderr, actions })
}

if (isWorker()) await work()
else await command()
