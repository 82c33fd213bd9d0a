import { logFolder, type Settings } from './settings.ts'
import { daemonVariable } from './supervisor/index.ts'
import { createLogFile, createStderrOutput, type LogOutput } from './telemetry/index.ts'

/** Where the logs of the settings go: files of the data folder, and standard error, but not a daemon's. */
export const logOutputs = (
  settings: Settings,
  name: 'server' | 'cli',
  env: Readonly<Record<string, string | undefined>>,
): { readonly outputs: readonly LogOutput[]; close(): void } => {
  const { log } = settings.telemetry
  const dir = logFolder(settings)
  if (dir === undefined) return { outputs: [createStderrOutput()], close() {} }
  const file = createLogFile({
    dir,
    name,
    maximumBytes: log.max_size,
    keepDays: log.keep_days,
    keepFiles: log.keep_files,
  })
  const outputs = env[daemonVariable] === undefined ? [createStderrOutput(), file] : [file]
  return { outputs, close: () => file.close() }
}
