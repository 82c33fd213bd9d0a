import { logFolder, type Settings } from './settings.ts'
import { createLogFile, createStderrOutput, type LogOutput } from './telemetry/index.ts'

/** Where the logs of the settings go: files of the data folder, and standard error. */
export const logOutputs = (
  settings: Settings,
  name: 'server' | 'cli',
): { readonly outputs: readonly LogOutput[]; close(): void } => {
  const { log } = settings.telemetry
  const outputs: LogOutput[] = [createStderrOutput()]
  const dir = logFolder(settings)
  if (dir === undefined) return { outputs, close() {} }
  const file = createLogFile({
    dir,
    name,
    maximumBytes: log.max_size,
    keepDays: log.keep_days,
    keepFiles: log.keep_files,
  })
  return { outputs: [...outputs, file], close: () => file.close() }
}
