import { parseDocument } from 'yaml'
import { z } from 'zod'
import { outlineAt, type SettingPath } from '../config/index.ts'
import { GatewayError } from '../errors.ts'
import { settingsSchema } from '../settings.ts'
import { keyPlace } from './seal-keys.ts'

/** What was typed, as YAML would read it; where the setting can be only a text, it is that text. */
export const settingValue = (path: SettingPath, typed: string): unknown => {
  const schema = outlineAt(settingsSchema, path)?.schema
  if (keyPlace(path) !== undefined) return typed
  const document = parseDocument(typed, { prettyErrors: false, logLevel: 'silent' })
  const isText = schema instanceof z.ZodString
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS()
  if (isText) return typeof value === 'string' ? value : typed
  if (document.errors.length === 0) return value
  // The value is not repeated: it may be a secret.
  throw new GatewayError('gateway_request_invalid', 'the value is not valid YAML: put a text in quotes')
}
