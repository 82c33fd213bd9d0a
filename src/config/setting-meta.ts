import { z } from 'zod'

/** What a settings schema says of a field beyond its type; attached with `.register(settingMeta, …)`. */
export interface SettingMeta {
  /** Completes "must be …" in messages and is the type in the documentation. */
  readonly expects?: string
  /** `value`: masked as a whole. `url`: only the password in it. Covers everything below the field. */
  readonly secret?: 'value' | 'url'
  /** `file`: `~` and relative paths become absolute. `sqlite`: the same behind `sqlite:`. */
  readonly path?: 'file' | 'sqlite'
  /** A change takes effect while running; covers everything below the field. Absent: needs a restart. */
  readonly reloads?: true
  /** How the parsed number is written back: milliseconds or bytes. */
  readonly unit?: 'duration' | 'size'
}

export const settingMeta = z.registry<SettingMeta>()
