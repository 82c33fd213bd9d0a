import { formatPath, type SettingPath } from '../config/index.ts'
import type { Place } from './source-node.ts'

/**
 * What became of one thing in the file. `carried`: a setting here says the same. `changed`: a setting here says
 * something near it. `same`: it holds here without a setting. `left`: it is lost.
 */
export interface ImportNote extends Place {
  readonly outcome: 'carried' | 'changed' | 'same' | 'left'
  /** The setting here that says it. */
  readonly setting?: string
  /** What is different, or why it is lost; lower case, no full stop, no value of the file. */
  readonly text?: string
}

/** A secret of the file that is a provider's key, so that the vault can keep it. */
export interface FoundKey {
  /** Stands for it in the settings as `${…}`. */
  readonly variable: string
  readonly provider: string
  readonly secret: string
}

/** A variable that the settings refer to. */
export interface ReferredVariable {
  readonly name: string
  /** Its value is written out in the file that is converted, and is not in the settings. */
  readonly isWrittenThere: boolean
  /** A value of the right form, to check the settings with while it is not set. */
  readonly example: string
}

/** The settings as a file of ours says them: texts may hold `${NAME}`, and never a secret. */
export type DraftSettings = { [key: string]: unknown }

/** The settings as they come together, with where each came from. */
export interface Draft {
  readonly settings: DraftSettings
  /** In the order of the file. */
  notes(): readonly ImportNote[]
  readonly keys: readonly FoundKey[]
  readonly variables: () => readonly ReferredVariable[]
  /** Puts a value at a path of our settings. `text` says what is different here. */
  set(path: SettingPath, value: unknown, from: Place, text?: string): void
  /** Puts an item at the end of a list of ours. */
  add(list: string, item: unknown, from: Place, text?: string): void
  note(note: ImportNote): void
  same(from: Place, text: string): void
  leave(from: Place, text: string): void
  /** A reference to a variable of the environment. */
  refer(name: string, example?: string): string
  /** A reference to a variable that somebody has to set, in place of a secret of the file. */
  hide(secret: string, wish: string, example?: string): string
  /** The same for a provider's key; without a wish the variable is named after the provider. */
  hideKey(secret: string, provider: string, wish?: string): string
  /** Where a setting came from; `isWhole` where it is all of what came from there. Undefined for what was added. */
  placeOf(path: SettingPath): (Place & { readonly isWhole: boolean }) | undefined
  /** It is not carried over after all. */
  retract(path: SettingPath, text: string): void
}

/** The setting's name is told when all are in place: items of lists may still go. */
interface OpenNote extends ImportNote {
  readonly item?: object
}

/** Right for an address, and for everything that takes any text. */
const usualExample = 'https://not-set.invalid/v1'

export const createDraft = (): Draft => {
  const settings: DraftSettings = {}
  const notes: OpenNote[] = []
  const keys: FoundKey[] = []
  const variables = new Map<string, { readonly secret?: string; readonly example: string }>()
  const places = new Map<string, Place>()
  const retracted = new Set<string>()
  const itemPlaces = new WeakMap<object, Place>()

  const put = (path: SettingPath, value: unknown, from: Place, text: string | undefined) => {
    setAt(settings, path, value)
    const setting = formatPath(path)
    const isItem = typeof path.at(-1) === 'number' && typeof value === 'object' && value !== null
    if (isItem) itemPlaces.set(value, from)
    else places.set(setting, from)
    notes.push({
      ...place(from),
      outcome: text === undefined ? 'carried' : 'changed',
      setting,
      ...(isItem ? { item: value } : {}),
      ...(text === undefined ? {} : { text }),
    })
  }
  const placeOf: Draft['placeOf'] = (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const part = path.slice(0, length)
      const value = valueAt(settings, part)
      const item = typeof value === 'object' && value !== null ? itemPlaces.get(value) : undefined
      const found = item ?? places.get(formatPath(part))
      if (found !== undefined) return { ...place(found), isWhole: length === path.length }
    }
    return undefined
  }
  const refer = (name: string, example = usualExample): string => {
    if (!variables.has(name)) variables.set(name, { example })
    return `\${${name}}`
  }
  /** One variable per secret, also where the file says it several times. */
  const hide = (secret: string, wish: string, example = usualExample): string => {
    for (const [name, held] of variables) if (held.secret === secret) return `\${${name}}`
    let name = wish
    for (let count = 2; variables.has(name); count += 1) name = `${wish}_${count}`
    variables.set(name, { secret, example })
    return `\${${name}}`
  }

  return {
    settings,
    notes: () =>
      notes
        .map(({ item, ...note }) =>
          item === undefined ? note : { ...note, setting: nameOf(settings, note, item) },
        )
        .sort((a, b) => a.line - b.line),
    keys,
    variables: () =>
      [...variables].map(([name, { secret, example }]) => ({
        name,
        isWrittenThere: secret !== undefined,
        example,
      })),
    set: put,
    add(list, item, from, text) {
      const items = settings[list]
      put([list, Array.isArray(items) ? items.length : 0], item, from, text)
    },
    note: (note) => void notes.push(note),
    same: (from, text) => void notes.push({ ...place(from), outcome: 'same', text }),
    leave: (from, text) => void notes.push({ ...place(from), outcome: 'left', text }),
    refer,
    hide,
    hideKey(secret, provider, wish) {
      const reference = hide(secret, wish ?? `${variableName(provider)}_API_KEY`)
      keys.push({ variable: reference.slice(2, -1), provider, secret })
      return reference
    },
    placeOf,
    retract(path, text) {
      const found = placeOf(path)
      if (found === undefined) return
      if (found.isWhole) {
        const value = valueAt(settings, path)
        const name = formatPath(path)
        const at = notes.findIndex((note) =>
          note.item === undefined ? note.setting === name : note.item === value,
        )
        if (at >= 0) notes.splice(at, 1)
      }
      // What follows from the first fault of a place says no more.
      const known = retracted.has(`${found.line} ${found.path}`)
      retracted.add(`${found.line} ${found.path}`)
      if (!known) notes.push({ ...place(found), outcome: 'left', text })
    },
  }
}

/** A text of the file as ours says it: `${` is no reference there. */
export const literal = (text: string): string => text.replaceAll('${', () => '$${')

/** `my-vllm` → `MY_VLLM`. */
export const variableName = (text: string): string => {
  const name = text
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
  return /^[A-Z]/.test(name) ? name : `KEY_${name}`
}

const nameOf = (settings: DraftSettings, { setting = '' }: ImportNote, item: object): string => {
  const list = setting.replace(/\[\d+\]$/, '')
  const items = settings[list]
  return `${list}[${Array.isArray(items) ? items.indexOf(item) : 0}]`
}

const place = ({ line, path }: Place): Place => ({ line, path })

const setAt = (root: DraftSettings, path: SettingPath, value: unknown): void => {
  let at: unknown = root
  for (const [index, segment] of path.entries()) {
    const last = index === path.length - 1
    const next: unknown = last
      ? value
      : (childOf(at, segment) ?? (typeof path[index + 1] === 'number' ? [] : {}))
    if (Array.isArray(at)) at[Number(segment)] = next
    else if (isSection(at)) at[segment] = next
    at = next
  }
}

/** Undefined for what is not there. */
export const valueAt = (settings: unknown, path: SettingPath): unknown => {
  let at = settings
  for (const segment of path) at = childOf(at, segment)
  return at
}

const childOf = (at: unknown, segment: string | number): unknown => {
  if (Array.isArray(at)) return at[Number(segment)]
  return isSection(at) && Object.hasOwn(at, segment) ? at[segment] : undefined
}

const isSection = (value: unknown): value is DraftSettings =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
