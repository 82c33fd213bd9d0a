import { isJsonObject, type JsonObject } from '../../ir/index.ts'
import type { SchemaDialect } from './fit-schema.ts'

/** What becomes of one keyword of a schema. */
export type Verdict =
  | { readonly type: 'keep' }
  | {
      readonly type: 'replace'
      readonly members: readonly (readonly [string, unknown])[]
      readonly note?: string
    }
  | { readonly type: 'describe' }
  | { readonly type: 'misfit'; readonly reason: string }

export interface SchemaRules {
  readonly recursion: boolean
  judge(key: string, value: unknown, schema: JsonObject): Verdict
  /** What an object must have and does not. */
  lacks(
    schema: JsonObject,
    isRoot: boolean,
  ): { readonly members?: readonly [string, unknown][]; readonly misfit?: string }
}

const keep: Verdict = { type: 'keep' }
const describe: Verdict = { type: 'describe' }
const drop: Verdict = { type: 'replace', members: [] }
const misfit = (reason: string): Verdict => ({ type: 'misfit', reason })

/** They constrain nothing. */
const remarks = new Set([
  '$schema',
  '$id',
  '$comment',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
])

const isObjectSchema = ({ type, properties }: JsonObject): boolean =>
  type === 'object' || (Array.isArray(type) && type.includes('object')) || properties !== undefined

const isForeign = (reference: unknown): boolean => typeof reference !== 'string' || !reference.startsWith('#')

const anthropicFormats = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
])

const anthropicWords = new Set([
  'type',
  'properties',
  'required',
  'items',
  'enum',
  'const',
  'anyOf',
  '$ref',
  '$defs',
  'definitions',
  'title',
  'description',
])

const anthropic: SchemaRules = {
  recursion: false,
  judge(key, value) {
    if (remarks.has(key)) return drop
    switch (key) {
      case '$ref':
        return isForeign(value) ? misfit('it refers to another document') : keep
      case 'items':
        return Array.isArray(value) ? misfit('it has a tuple') : keep
      case 'prefixItems':
        return misfit('it has a tuple')
      case 'additionalProperties':
        return value === false ? keep : misfit('it has an object with any properties')
      case 'patternProperties':
        return misfit('it has properties by pattern')
      case 'oneOf':
        return { type: 'replace', members: [['anyOf', value]], note: 'exactly one of the alternatives' }
      case 'allOf':
        return holdsReference(value) ? misfit('it joins schemas by reference') : keep
      case 'format':
        return typeof value === 'string' && anthropicFormats.has(value) ? keep : describe
      case 'minItems':
        return value === 0 || value === 1 ? keep : describe
      default:
        return anthropicWords.has(key) ? keep : describe
    }
  },
  lacks(schema) {
    if (!isObjectSchema(schema) || schema['additionalProperties'] !== undefined) return {}
    if (schema['properties'] === undefined) return { misfit: 'it has an object with any properties' }
    return { members: [['additionalProperties', false]] }
  },
}

const holdsReference = (value: unknown): boolean =>
  Array.isArray(value) && value.some((schema) => isJsonObject(schema) && schema['$ref'] !== undefined)

const openaiWords = new Set([
  ...anthropicWords,
  'additionalProperties',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
])

/** Here nothing is rewritten: a schema fits, or goes without strictness. */
const openaiStrict: SchemaRules = {
  recursion: true,
  judge(key, value) {
    if (remarks.has(key)) return drop
    if (key === '$ref' && isForeign(value)) return misfit('it refers to another document')
    if (key === 'items' && Array.isArray(value)) return misfit('it has a tuple')
    return openaiWords.has(key) ? keep : misfit(`it uses ${key}`)
  },
  lacks(schema, isRoot) {
    if (isRoot && (schema['anyOf'] !== undefined || !isObjectSchema(schema))) {
      return { misfit: 'its root is no object' }
    }
    if (!isObjectSchema(schema)) return {}
    if (schema['additionalProperties'] !== false) return { misfit: 'it has an object with any properties' }
    const { properties, required } = schema
    const names = isJsonObject(properties) ? Object.keys(properties) : []
    const isWhole = names.every((name) => Array.isArray(required) && required.includes(name))
    return isWhole ? {} : { misfit: 'it has optional properties' }
  },
}

const geminiFormats = new Set(['date-time', 'date', 'time'])

const geminiWords = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'prefixItems',
  'enum',
  'anyOf',
  '$ref',
  '$defs',
  'definitions',
  '$id',
  '$anchor',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'title',
  'description',
  'propertyOrdering',
])

const gemini: SchemaRules = {
  recursion: true,
  judge(key, value) {
    if (geminiWords.has(key)) return keep
    if (remarks.has(key)) return drop
    switch (key) {
      case 'const':
        return { type: 'replace', members: [['enum', [value]]] }
      case 'oneOf':
        return { type: 'replace', members: [['anyOf', value]], note: 'exactly one of the alternatives' }
      case 'allOf':
        return onlyMember(value) ?? describe
      case 'format':
        return typeof value === 'string' && geminiFormats.has(value) ? keep : describe
      default:
        return describe
    }
  },
  lacks: () => ({}),
}

/** Of one schema alone nothing is joined. */
const onlyMember = (value: unknown): Verdict | undefined => {
  const [only, second]: readonly unknown[] = Array.isArray(value) ? value : []
  if (!isJsonObject(only) || second !== undefined) return undefined
  return { type: 'replace', members: Object.entries(only) }
}

export const schemaRules: Readonly<Record<SchemaDialect, SchemaRules>> = {
  anthropic,
  'openai-strict': openaiStrict,
  gemini,
}
