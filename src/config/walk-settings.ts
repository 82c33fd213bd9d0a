import type { z } from 'zod'
import { type Outline, outlineAt, outlineBelow } from './schema-outline.ts'
import type { PathSegment, SettingPath } from './setting-path.ts'

export interface SettingValue {
  readonly path: SettingPath
  /** A text, number, boolean or bigint, or an empty section or list. */
  readonly value: unknown
  /**
   * What the schema says of it. Below what the schema knows, where a transform made something of its own, its last
   * word counts: the parts of a secret are secret.
   */
  readonly outline: Outline | undefined
}

/** Every value in parsed settings, in their order. */
export const walkSettings = (schema: z.core.$ZodType, settings: unknown): readonly SettingValue[] => {
  const found: SettingValue[] = []
  mapSettings(schema, settings, (setting) => {
    if (setting.value !== undefined) found.push(setting)
  })
  return found
}

/** Settings with every value put through `change`. */
export const mapSettings = (
  schema: z.core.$ZodType,
  settings: unknown,
  change: (setting: SettingValue) => unknown,
): unknown => {
  const map = (value: unknown, path: SettingPath, outline: Outline | undefined): unknown => {
    const below = (segment: PathSegment, child: unknown) =>
      map(child, [...path, segment], (outline && outlineBelow(outline, segment)) ?? outline)
    if (Array.isArray(value) && value.length > 0) return value.map((item, index) => below(index, item))
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
    if (entries.length === 0) return change({ path, value, outline })
    return Object.fromEntries(entries.map(([key, child]) => [key, below(key, child)]))
  }
  return map(settings, [], outlineAt(schema, []))
}
