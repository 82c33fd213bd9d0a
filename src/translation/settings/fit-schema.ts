import { isJsonObject, type JsonText } from '../../ir/index.ts'
import { schemaRules } from './schema-rules.ts'

/** Whose constrained decoding the schema is for (translation.md §6.2). */
export type SchemaDialect = 'anthropic' | 'openai-strict' | 'gemini'

export interface FittedSchema {
  /** The schema that the target takes. The source itself where nothing had to change. */
  readonly schema: JsonText
  /** Keywords whose constraint now stands in words in the description. */
  readonly described: readonly string[]
  /** Why it cannot be made to fit; then `schema` is the source. */
  readonly misfit?: string
}

type Members = [key: string, value: unknown][]

/** Bodies are refused beyond this nesting before anybody decodes them. */
const deepest = 512

/**
 * A JSON Schema within what a target's constrained decoding takes. Nothing is widened in silence: a constraint that
 * cannot be said moves into the description of what it constrains, in plain words.
 */
export const fitSchema = (source: JsonText, dialect: SchemaDialect): FittedSchema => {
  const value: unknown = JSON.parse(source)
  if (!isJsonObject(value)) return { schema: source, described: [], misfit: 'it is not an object' }
  const rules = schemaRules[dialect]
  const described = new Set<string>()
  let misfit = rules.recursion ? undefined : recursionIn(value)

  const fit = (schema: unknown, depth: number): unknown => {
    if (!isJsonObject(schema) || depth > deepest) return schema
    const members: Members = []
    const notes: string[] = []
    for (const [key, member] of Object.entries(schema)) {
      const verdict = rules.judge(key, member, schema)
      switch (verdict.type) {
        case 'keep':
          members.push([key, inside(key, member, depth)])
          break
        case 'replace':
          for (const [name, replacement] of verdict.members) {
            members.push([name, inside(name, replacement, depth)])
          }
          if (verdict.note !== undefined) {
            notes.push(verdict.note)
            described.add(key)
          }
          break
        case 'describe':
          notes.push(`${key}: ${JSON.stringify(member)}`)
          described.add(key)
          break
        case 'misfit':
          misfit ??= verdict.reason
          break
      }
    }
    const lack = rules.lacks(schema, depth === 0)
    if (lack.misfit !== undefined) misfit ??= lack.misfit
    for (const member of lack.members ?? []) members.push(member)
    return Object.fromEntries(notes.length === 0 ? members : withNotes(members, notes))
  }
  const inside = (key: string, member: unknown, depth: number): unknown => {
    if (maps.has(key) && isJsonObject(member)) {
      return Object.fromEntries(
        Object.entries(member).map(([name, schema]) => [name, fit(schema, depth + 1)]),
      )
    }
    if (Array.isArray(member) && lists.has(key))
      return member.map((schema: unknown) => fit(schema, depth + 1))
    return nested.has(key) ? fit(member, depth + 1) : member
  }

  const fitted = fit(value, 0)
  if (misfit !== undefined) return { schema: source, described: [], misfit }
  const written = JSON.stringify(fitted)
  return {
    schema: written === JSON.stringify(value) ? source : written,
    described: [...described],
  }
}

const withNotes = (members: Members, notes: readonly string[]): Members => {
  const words = `(${notes.join(', ')})`
  const at = members.findIndex(([key]) => key === 'description')
  const said = members[at]?.[1]
  const description: Members[number] = [
    'description',
    typeof said === 'string' && said !== '' ? `${said} ${words}` : words,
  ]
  return at < 0 ? [...members, description] : members.with(at, description)
}

/** Keywords whose value holds schemas: by name, in a list, or one. */
const maps = new Set(['properties', '$defs', 'definitions', 'patternProperties', 'dependentSchemas'])
const lists = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const nested = new Set([
  'items',
  'additionalProperties',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
])

/** Does a definition lead to itself? */
const recursionIn = (root: object): string | undefined => {
  const entering = new Set<unknown>()
  const done = new Set<unknown>()
  const visit = (node: unknown, depth: number): boolean => {
    if (typeof node !== 'object' || node === null || done.has(node)) return false
    if (entering.has(node) || depth > deepest) return true
    entering.add(node)
    const children = Object.entries(node).flatMap(([key, member]) =>
      // Definitions alone lead nowhere; they count where they are referred to.
      key === '$defs' || key === 'definitions' ? [] : [key === '$ref' ? pointed(root, member) : member],
    )
    const isRecursive = children.some((child) => visit(child, depth + 1))
    entering.delete(node)
    done.add(node)
    return isRecursive
  }
  return visit(root, 0) ? 'it refers to itself' : undefined
}

/** What a local reference (`#/$defs/name`) points to. */
const pointed = (root: object, reference: unknown): unknown => {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined
  let node: unknown = root
  for (const step of reference.slice(1).split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    node = isJsonObject(node) && Object.hasOwn(node, key) ? node[key] : undefined
  }
  return node
}
