export {
  type ConfigError,
  type ConfigProblem,
  configError,
  formatProblem,
  isConfigError,
} from './config-error.ts'
export { editorSchema } from './editor-schema.ts'
export type { Finding } from './explain-issues.ts'
export {
  byteSize,
  cidr,
  duration,
  filePath,
  formatBytes,
  formatDuration,
  httpUrl,
  secretText,
  text,
  wholeNumber,
} from './fields.ts'
export type { ReadFile } from './find-files.ts'
export { type ForeignVariable, foreignVariables } from './foreign-variables.ts'
export { getPath, type ListedSetting, listPaths } from './list-paths.ts'
export {
  type CheckFinding,
  type ConfigSources,
  type LoadedConfig,
  loadConfig,
  type SettingOrigin,
} from './load-config.ts'
export { mapFilesIn } from './map-files.ts'
export { maskSecrets } from './mask-secrets.ts'
export { nearestName, suggestion } from './nearest-name.ts'
export { printableKey } from './printable-key.ts'
export { type NamedText, readNameMap } from './read-name-map.ts'
export { readTextFile } from './read-sources.ts'
export type { Environment } from './read-yaml.ts'
export { restartNeeded } from './restart-needed.ts'
export { expectation, type Field, fieldsOf, outlineAt } from './schema-outline.ts'
export { setInFile } from './set-in-file.ts'
export { type SettingMeta, settingMeta } from './setting-meta.ts'
export { formatPath, parsePath, type SettingPath } from './setting-path.ts'
export { profiles, type Variable, variables } from './variables.ts'
export { type Watched, type WatchOptions, watchFiles } from './watch-files.ts'
export { syntaxReason } from './yaml-syntax.ts'
