import type { z } from 'zod'
import { mapSettings, type SettingValue } from './walk-settings.ts'

const masked = '[secret]'

/** A copy of the settings that may be shown or logged: keys and tokens masked, passwords in URLs too. */
export const maskSecrets = (schema: z.core.$ZodType, settings: unknown): unknown =>
  mapSettings(schema, settings, maskedValue)

/** The value, or what may be shown of it. */
export const maskedValue = (setting: SettingValue): unknown => {
  const { value } = setting
  if (typeof value !== 'string' || value === '') return value
  const secret = setting.outline?.meta.secret
  if (secret === 'url') return maskUrl(value)
  return secret === 'value' || hasSecretName(setting.path) ? masked : value
}

/** A second line of defence for fields whose schema forgets to say that they are secret. */
const hasSecretName = (path: SettingValue['path']): boolean => {
  const name = path.findLast((segment) => typeof segment === 'string')
  return typeof name === 'string' && /(?:^|[_-])(?:key|keys|token|password|passwd|secret)$/i.test(name)
}

const maskUrl = (value: string): string => {
  if (value.startsWith('sqlite:')) return value
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return masked
  return value
    .replace(/(:\/\/[^:@/?#]*):.*@/, '$1:***@')
    .replaceAll(/([?&][^=&#]*(?:pass|token|secret|key)[^=&#]*=)[^&#]*/gi, '$1***')
}
