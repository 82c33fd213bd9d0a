import { formatBytes, formatDuration } from './fields.ts'
import type { LoadedConfig, SettingOrigin } from './load-config.ts'
import { maskedValue } from './mask-secrets.ts'
import { formatPath, type SettingPath, toPath } from './setting-path.ts'
import { type SettingValue, walkSettings } from './walk-settings.ts'

export interface ListedSetting {
  readonly path: string
  /** As YAML would say it: `30s`, `32MB`; secrets are masked. */
  readonly value: unknown
  readonly origin: SettingOrigin
}

/** Every setting in force with where it comes from, in the order of the schema. */
export const listPaths = <T>(config: LoadedConfig<T>): readonly ListedSetting[] =>
  walkSettings(config.schema, config.settings).map((setting) => ({
    path: formatPath(setting.path),
    value: written(setting),
    origin: config.origin(setting.path),
  }))

/** The value at a path of parsed settings; undefined where there is none. Secrets are not masked. */
export const getPath = (settings: unknown, path: string | SettingPath): unknown =>
  toPath(path).reduce<unknown>((value, segment) => {
    if (Array.isArray(value)) return typeof segment === 'number' ? value[segment] : undefined
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined
    return Object.entries(value).find(([key]) => key === String(segment))?.[1]
  }, settings)

const written = (setting: SettingValue): unknown => {
  const unit = setting.outline?.meta.unit
  if (unit === undefined || typeof setting.value !== 'number') return maskedValue(setting)
  return unit === 'duration' ? formatDuration(setting.value) : formatBytes(setting.value)
}
