import type { z } from 'zod'
import { outlineAt } from './schema-outline.ts'
import { formatPath, type SettingPath } from './setting-path.ts'

/** Dotted paths of the settings that differ and take effect only at a restart. */
export const restartNeeded = (schema: z.core.$ZodType, before: unknown, after: unknown): readonly string[] =>
  changedPaths(before, after, [])
    .filter((path) => !reloads(schema, path))
    .map(formatPath)

/** The innermost paths at which two values differ; a list counts as one value. */
const changedPaths = (before: unknown, after: unknown, path: SettingPath): readonly SettingPath[] => {
  if (Object.is(before, after)) return []
  const left = sectionOf(before)
  const right = sectionOf(after)
  if (left === undefined || right === undefined) return Bun.deepEquals(before, after) ? [] : [path]
  const keys = new Set([...left.keys(), ...right.keys()])
  return [...keys].flatMap((key) => changedPaths(left.get(key), right.get(key), [...path, key]))
}

const sectionOf = (value: unknown): ReadonlyMap<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined

const reloads = (schema: z.core.$ZodType, path: SettingPath): boolean =>
  path.some((_, index) => outlineAt(schema, path.slice(0, index + 1))?.meta.reloads === true)
