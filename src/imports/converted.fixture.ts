import { isConfigError } from '../config/index.ts'
import { loadSettings } from '../load-settings.ts'
import type { Settings } from '../settings.ts'
import {
  converters,
  fitToSchema,
  type ImportFormat,
  type ImportNote,
  settingsText,
  writeDraft,
} from './index.ts'

export interface Converted {
  /** The whole file of ours, with the report. */
  readonly text: string
  /** As a file says them: variables are not replaced, and defaults are not there. */
  readonly written: Readonly<Record<string, unknown>>
  /** What `tgw config check` reads in the file, with a value for every variable. */
  readonly settings: Settings
  readonly notes: readonly ImportNote[]
  /** `path: text` of what is left out. */
  readonly left: readonly string[]
}

/** Converts, takes away what the schema refuses, and reads the outcome as the server would. Throws when it is invalid. */
export const convert = (format: ImportFormat, text: string): Converted => {
  const draft = converters[format](text, `/own/${format}.conf`)
  const env = () => Object.fromEntries(draft.variables().map(({ name, example }) => [name, example]))
  const load = (yaml: string) =>
    loadSettings({
      env: env(),
      cwd: '/own',
      home: '/own',
      readFile: (path) => (path === '/own/tollgate.yaml' ? yaml : undefined),
    })
  const remaining = fitToSchema(draft, () => {
    try {
      load(settingsText(draft.settings))
      return []
    } catch (error) {
      if (isConfigError(error)) return error.problems
      throw error
    }
  })
  if (remaining.length > 0) throw new Error(JSON.stringify(remaining))
  const whole = writeDraft(draft, { format, file: `${format}.conf` })
  const notes = draft.notes()
  return {
    text: whole,
    written: draft.settings,
    settings: load(whole).settings,
    notes,
    left: notes.filter(({ outcome }) => outcome === 'left').map(({ path, text: why }) => `${path}: ${why}`),
  }
}

export const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`
