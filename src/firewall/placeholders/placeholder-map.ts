import { escapeText } from './apply-edits.ts'
import { createMatcher, type Matcher } from './match-placeholder.ts'

/** What stands for a value in what the provider sees. */
export interface PlaceholderEntry {
  /** As it is written: `[EMAIL_7K2M9X]`. */
  readonly placeholder: string
  readonly type: string
  /** Absent: it never comes back, the client sees the placeholder. */
  readonly value?: string
}

/** The placeholders of one request, or of one kept conversation. It prints without its values. */
export interface PlaceholderMap {
  readonly size: number
  /** Does any of them come back? If not, an answer can pass as it is. */
  readonly restores: boolean
  /** None of the values that come back needs an escape in JSON. */
  readonly isPlain: boolean
  get(placeholder: string): PlaceholderEntry | undefined
  /** For keeping them sealed; `createPlaceholderMap` takes them again. */
  entries(): readonly PlaceholderEntry[]
  /** Finds the ones that come back, also mangled. */
  matcher(): Matcher
  toJSON(): unknown
}

export const createPlaceholderMap = (entries: readonly PlaceholderEntry[]): PlaceholderMap => {
  const byPlaceholder = new Map(entries.map((entry) => [entry.placeholder, entry]))
  let matcher: Matcher | undefined
  const summary = () => ({ placeholders: byPlaceholder.size })
  return {
    size: byPlaceholder.size,
    restores: entries.some((entry) => entry.value !== undefined),
    isPlain: entries.every(({ value = '' }) => escapeText(value) === value),
    get: (placeholder) => byPlaceholder.get(placeholder),
    entries: () => [...byPlaceholder.values()],
    matcher: () => {
      matcher ??= createMatcher([...byPlaceholder.values()])
      return matcher
    },
    toJSON: summary,
  }
}

/** Both; where they say one placeholder, the later map's. */
export const joinPlaceholderMaps = (earlier: PlaceholderMap, later: PlaceholderMap): PlaceholderMap =>
  earlier.size === 0
    ? later
    : later.size === 0
      ? earlier
      : createPlaceholderMap([...earlier.entries(), ...later.entries()])
