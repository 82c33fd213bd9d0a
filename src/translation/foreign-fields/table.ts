import { anthropicFields } from './anthropic-fields.ts'
import { chatFields } from './chat-fields.ts'
import type { ForeignField } from './foreign-field.ts'
import { geminiFields } from './gemini-fields.ts'
import { responsesFields } from './responses-fields.ts'

/**
 * Every field that a protocol has and the canonical form has no word for, and what becomes of it on the way to another
 * protocol. A pass that does say one there takes it out of the extensions; this table judges what is left. Fields that
 * are not in it are dropped with a warning.
 */
export const foreignFieldTable: readonly ForeignField[] = [
  ...chatFields,
  ...responsesFields,
  ...anthropicFields,
  ...geminiFields,
]
