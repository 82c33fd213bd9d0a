import type { Draft } from './draft.ts'
import { convertLitellm } from './litellm/index.ts'
import { convertTkngate } from './tkngate.ts'
import { convertTokligence } from './tokligence.ts'

export { createDraft, type Draft, type FoundKey, type ImportNote, type ReferredVariable } from './draft.ts'
export { type AskSchema, fitToSchema } from './fit-to-schema.ts'
export { noteLine, settingsText, variablesIn, writeDraft } from './write-draft.ts'

/** Reads the file of another gateway. Throws `config_invalid` with place and reason for what is no such file. */
export type Converter = (text: string, file: string) => Draft

export const converters = {
  tokligence: convertTokligence,
  tkngate: convertTkngate,
  litellm: convertLitellm,
} as const satisfies Record<string, Converter>

export type ImportFormat = keyof typeof converters

export const importFormats = Object.keys(converters).filter(
  (name): name is ImportFormat => name in converters,
)
