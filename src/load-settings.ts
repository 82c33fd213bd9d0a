import { checkSettings } from './check-settings.ts'
import { type ConfigSources, type LoadedConfig, loadConfig } from './config/index.ts'
import { type Settings, settingsSchema } from './settings.ts'

/**
 * The settings from defaults, files, environment and flags, checked against each other.
 * Throws `config_invalid` with every problem.
 */
export const loadSettings = (
  sources: Omit<ConfigSources<Settings>, 'schema' | 'check'>,
): LoadedConfig<Settings> =>
  loadConfig({
    ...sources,
    schema: settingsSchema,
    check: (settings) => checkSettings(settings, sources.env),
  })
