import { aliasWarning, checkSettings } from './check-settings.ts'
import { type ConfigSources, configError, type LoadedConfig, loadConfig, parsePath } from './config/index.ts'
import { readAliases } from './read-aliases.ts'
import { type Settings, settingsSchema } from './settings.ts'

/**
 * The settings from defaults, files, environment and flags, checked against each other, with the aliases that stand
 * in files of their own. Throws `config_invalid` with every problem.
 */
export const loadSettings = (
  sources: Omit<ConfigSources<Settings>, 'schema' | 'check'>,
): LoadedConfig<Settings> => {
  const config = loadConfig({
    ...sources,
    schema: settingsSchema,
    check: (settings) => checkSettings(settings, sources.env),
  })
  return withAliasFiles(config, sources)
}

const withAliasFiles = (
  config: LoadedConfig<Settings>,
  { env, readFile }: Omit<ConfigSources<Settings>, 'schema' | 'check'>,
): LoadedConfig<Settings> => {
  const { settings } = config
  if (settings.alias_files.length === 0 && settings.alias_folder === undefined) return config
  const found = readAliases({ settings, env, readFile })
  if (found.problems.length > 0) throw configError(found.problems)
  const inFiles = [...found.entries].filter(([name]) => !Object.hasOwn(settings.aliases, name))
  const aliases = Object.freeze({
    ...Object.fromEntries(inFiles.map(([name, { text }]) => [name, text])),
    ...settings.aliases,
  })
  return {
    ...config,
    settings: Object.freeze({ ...settings, aliases }),
    candidates: [...config.candidates, ...settings.alias_files],
    folders: settings.alias_folder === undefined ? [] : [settings.alias_folder],
    origin(path) {
      const [section, name] = typeof path === 'string' ? parsePath(path) : path
      const entry = section === 'aliases' ? found.entries.get(String(name)) : undefined
      if (entry === undefined || Object.hasOwn(settings.aliases, String(name))) return config.origin(path)
      const { file, line, column } = entry
      return { file, line, column }
    },
    warnings: [
      ...config.warnings,
      ...found.warnings,
      ...inFiles.flatMap(([name, { text, ...place }]) => {
        const message = aliasWarning(name, text, aliases)
        return message === undefined ? [] : [{ ...place, path: name, message }]
      }),
    ],
  }
}
