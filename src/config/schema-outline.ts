import { z } from 'zod'
import { type SettingMeta, settingMeta } from './setting-meta.ts'
import type { PathSegment, SettingPath } from './setting-path.ts'

type Schema = z.core.$ZodType

export interface Outline {
  /** The schema without its wrappers (optional, default, transform …). */
  readonly schema: Schema
  /** Of this field; `secret` and `reloads` also come from the fields around it. */
  readonly meta: SettingMeta
  readonly description: string | undefined
  /** As it would be written in YAML; undefined when there is none. */
  readonly defaultValue: unknown
  readonly required: boolean
}

/** What the schema says at `path`, or undefined where it knows no such path. */
export const outlineAt = (schema: Schema, path: SettingPath): Outline | undefined => {
  let outline: Outline | undefined = unwrap(schema, {})
  for (const segment of path) {
    if (outline === undefined) return undefined
    outline = outlineBelow(outline, segment)
  }
  return outline
}

/** What the schema says one step further. */
export const outlineBelow = (outline: Outline, segment: PathSegment): Outline | undefined => {
  const child = childSchema(outline.schema, segment)
  return child && unwrap(child, outline.meta)
}

/** The keys that a section may have; none for anything but a section. */
export const keysOf = (schema: Schema): readonly string[] =>
  alternativesOf(schema).flatMap((option) => (option instanceof z.ZodObject ? Object.keys(option.shape) : []))

export interface Field extends Outline {
  /** `providers.<id>.base_url`, `routes[].match`. */
  readonly path: string
  /** Sections hold other fields; values are what is written. */
  readonly type: 'section' | 'value'
  readonly keys: SettingPath
}

/** Every field of the schema, in its order, sections before what they hold. */
export const fieldsOf = (
  schema: Schema,
  recordKey: (path: string) => string = () => '<name>',
): readonly Field[] => {
  const walk = (
    current: Schema,
    path: string,
    keys: SettingPath,
    inherited: SettingMeta,
  ): readonly Field[] => {
    const outline = unwrap(current, inherited)
    const below = (child: Schema, suffix: string, key: PathSegment) =>
      walk(child, path === '' ? suffix.replace(/^\./, '') : `${path}${suffix}`, [...keys, key], outline.meta)
    const children = alternativesOf(outline.schema).flatMap((option) => {
      if (option instanceof z.ZodObject) {
        return Object.entries(option.shape).flatMap(([key, child]) => below(child, `.${key}`, key))
      }
      if (option instanceof z.ZodRecord && isSection(option.valueType)) {
        const name = recordKey(path)
        return below(option.valueType, `.${name}`, name)
      }
      return option instanceof z.ZodArray && isSection(option.element) ? below(option.element, '[]', 0) : []
    })
    const own: Field = { ...outline, path, keys, type: children.length > 0 ? 'section' : 'value' }
    return path === '' ? children : [own, ...children]
  }
  return walk(schema, '', [], {})
}

/** Completes "must be …". */
export const expectation = (outline: Outline): string =>
  outline.meta.expects ?? alternativesOf(outline.schema).map(expectedType).join(' or ')

/** The schema itself, or the members of a union, without wrappers. */
export const alternativesOf = (schema: Schema): readonly Schema[] =>
  schema instanceof z.ZodUnion
    ? schema.options.flatMap((option) => alternativesOf(unwrap(option, {}).schema))
    : [schema]

/** True for a section, record or list. */
export const expectsCollection = (outline: Outline | undefined): boolean =>
  outline !== undefined &&
  alternativesOf(outline.schema).every(
    (option) =>
      option instanceof z.ZodObject || option instanceof z.ZodRecord || option instanceof z.ZodArray,
  )

const expectedType = (schema: Schema): string => {
  if (schema instanceof z.ZodEnum)
    return `one of ${schema.options.map((option) => `\`${option}\``).join(', ')}`
  if (schema instanceof z.ZodLiteral)
    return [...schema.values].map((value) => `\`${String(value)}\``).join(' or ')
  if (schema instanceof z.ZodString) return 'a text'
  if (schema instanceof z.ZodNumber) return 'a number'
  if (schema instanceof z.ZodBoolean) return '`true` or `false`'
  if (schema instanceof z.ZodArray) return `a list (each ${expectation(unwrap(schema.element, {}))})`
  if (schema instanceof z.ZodObject) return 'a section (`key: value` lines)'
  if (schema instanceof z.ZodRecord) return 'a section (`name: value` lines)'
  return 'another value'
}

const isSection = (schema: Schema): boolean =>
  alternativesOf(unwrap(schema, {}).schema).some((option) => option instanceof z.ZodObject)

const childSchema = (schema: Schema, segment: PathSegment): Schema | undefined => {
  for (const option of alternativesOf(schema)) {
    if (
      option instanceof z.ZodObject &&
      typeof segment === 'string' &&
      Object.hasOwn(option.shape, segment)
    ) {
      return option.shape[segment]
    }
    if (option instanceof z.ZodRecord && typeof segment === 'string') return option.valueType
    if (option instanceof z.ZodArray && typeof segment === 'number') return option.element
  }
  return undefined
}

const unwrap = (wrapped: Schema, inherited: SettingMeta): Outline => {
  let schema = wrapped
  let own: SettingMeta = {}
  let description: string | undefined
  let defaultValue: unknown
  let required = true
  for (;;) {
    own = { ...settingMeta.get(schema), ...own }
    description ??= z.globalRegistry.get(schema)?.description
    if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault) {
      defaultValue ??= schema.def.defaultValue
      required = false
      schema = schema.def.innerType
    } else if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional) {
      required = false
      schema = schema.def.innerType
    } else if (schema instanceof z.ZodReadonly || schema instanceof z.ZodNullable)
      schema = schema.def.innerType
    else if (schema instanceof z.ZodPipe) schema = schema.def.in
    else break
  }
  const secret = own.secret ?? inherited.secret
  const reloads = own.reloads ?? inherited.reloads
  const meta = { ...own, ...(secret && { secret }), ...(reloads && { reloads }) }
  return { schema, meta, description, defaultValue, required }
}
