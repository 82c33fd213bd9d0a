import { stringify } from 'yaml'
import {
  formatPath,
  type ListedSetting,
  parsePath,
  type SettingOrigin,
  type SettingPath,
} from '../config/index.ts'

/** The settings at and below a path, put together again as a file would say them. Undefined when there are none. */
export const writtenAt = (listed: readonly ListedSetting[], path: SettingPath): unknown => {
  const wanted = formatPath(path)
  const below = listed
    .map((setting) => ({ value: setting.value, path: parsePath(setting.path) }))
    .filter((setting) => formatPath(setting.path.slice(0, path.length)) === wanted)
    .map((setting) => ({ value: setting.value, path: setting.path.slice(path.length) }))
  return below.length === 0 ? undefined : build(below)
}

/** YAML for people; a text by itself goes without quotes. */
export const yamlText = (value: unknown): string =>
  typeof value === 'string' ? `${value}\n` : stringify(value, { lineWidth: 0 })

export const originText = (origin: SettingOrigin): string =>
  typeof origin === 'string' ? origin : `${origin.file}:${origin.line}`

type Piece = { readonly path: SettingPath; readonly value: unknown }

const build = (pieces: readonly Piece[]): unknown => {
  const [first] = pieces
  const head = first?.path[0]
  if (head === undefined) return first?.value
  const groups = new Map<string | number, Piece[]>()
  for (const { path, value } of pieces) {
    const [segment, ...rest] = path
    if (segment === undefined) continue
    groups.set(segment, [...(groups.get(segment) ?? []), { path: rest, value }])
  }
  const built = [...groups].map(([key, group]) => [key, build(group)] as const)
  return typeof head === 'number' ? built.map(([, value]) => value) : Object.fromEntries(built)
}
