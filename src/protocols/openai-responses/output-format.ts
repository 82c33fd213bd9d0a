/** `text.format`, of a request and of a `configuration_update`. */
import type { JsonObject, OutputFormat } from '../../ir/index.ts'
import { type JsonDocument, rawJson } from '../../wire/index.ts'
import { booleanMember, objectMember, stringMember } from './members.ts'
import type { Written } from './patch.ts'

/** Undefined when absent or of an unknown type. */
export const decodeFormat = (
  format: JsonObject | undefined,
  document: JsonDocument,
): OutputFormat | undefined => {
  switch (format?.['type']) {
    case 'text':
      return { type: 'text' }
    case 'json_object':
      return { type: 'json' }
    case 'json_schema': {
      const name = stringMember(format, 'name')
      const description = stringMember(format, 'description')
      const schema = objectMember(format, 'schema')
      const strict = booleanMember(format, 'strict')
      return {
        type: 'json-schema',
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(schema === undefined ? {} : { schema: document.source(schema) }),
        ...(strict === undefined ? {} : { strict }),
      }
    }
    default:
      return undefined
  }
}

/** A schema needs a name here; other protocols give none (translation.md §6.1). */
export const writeFormat = (output: OutputFormat | undefined): Written | undefined => {
  switch (output?.type) {
    case undefined:
      return undefined
    case 'text':
      return { type: 'text' }
    case 'json':
      return { type: 'json_object' }
    case 'json-schema':
    case 'enum':
      return {
        type: 'json_schema',
        name: output.name ?? 'response',
        description: output.description,
        schema: output.schema === undefined ? undefined : rawJson(output.schema),
        strict: output.strict,
      }
  }
}
