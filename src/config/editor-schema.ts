import { z } from 'zod'
import { settingMeta } from './setting-meta.ts'

type JsonSchema = z.core.JSONSchema.BaseSchema

/**
 * JSON Schema (draft 7, which editors know best) of what may be written in a file. Where a number, boolean or
 * choice is expected, a text with `${VAR}` is right as well.
 */
export const editorSchema = (schema: z.ZodType, title: string): JsonSchema => ({
  ...z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { expects } = settingMeta.get(zodSchema) ?? {}
      if (expects !== undefined) jsonSchema.description ??= `Must be ${expects}.`
      allowVariable(jsonSchema)
    },
  }),
  title,
})

const allowVariable = (jsonSchema: JsonSchema): void => {
  const closed =
    jsonSchema.enum !== undefined ||
    jsonSchema.const !== undefined ||
    jsonSchema.pattern !== undefined ||
    ['number', 'integer', 'boolean'].includes(String(jsonSchema.type))
  if (!closed) return
  const { description, default: fallback, ...strict } = jsonSchema
  for (const key of Object.keys(strict)) Reflect.deleteProperty(jsonSchema, key)
  Object.assign(jsonSchema, { anyOf: [strict, { type: 'string', pattern: '\\$\\{' }] })
}
