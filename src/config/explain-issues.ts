import { z } from 'zod'
import type { ConfigProblem } from './config-error.ts'
import { type ConfigNode, closestNode, nodeAt, type Origin } from './config-node.ts'
import { expected } from './fields.ts'
import { suggestion } from './nearest-name.ts'
import { printableKey } from './printable-key.ts'
import { sourceName } from './said-value.ts'
import {
  alternativesOf,
  expectation,
  type Field,
  fieldsOf,
  keysOf,
  type Outline,
  outlineAt,
} from './schema-outline.ts'
import { formatPath, type SettingPath } from './setting-path.ts'

type Issue = z.core.$ZodIssue

/** A fault at a path, before it is known where the path was said. */
export interface Finding {
  readonly path: SettingPath
  readonly message: string
  /** True when the fault is the key at the path, not its value. */
  readonly atKey?: boolean
}

/** The schema's issues in our words. No value is repeated but a wrong choice that a file holds in the open. */
export const explainIssues = (
  schema: z.core.$ZodType,
  tree: ConfigNode,
  issues: readonly Issue[],
): readonly Finding[] => {
  let fields: readonly Field[] | undefined
  const context: Context = {
    schema,
    tree,
    get fields() {
      fields ??= fieldsOf(schema)
      return fields
    },
  }
  return concreteIssues(issues).flatMap((issue) => explain(context, issue))
}

interface Context {
  readonly schema: z.core.$ZodType
  readonly tree: ConfigNode
  /** Every field; only an unknown key needs them. */
  readonly fields: readonly Field[]
}

/** Adds file, line and column, or the name of the variable or flag. */
export const locate = (finding: Finding, schema: z.core.$ZodType, tree: ConfigNode): ConfigProblem => {
  const node = closestNode(tree, finding.path)
  const exact = nodeAt(tree, finding.path) !== undefined
  const hasText = exact && !(node.content.type === 'scalar' && node.content.value === null)
  const origin: Origin = (finding.atKey || !hasText ? node.keyOrigin : undefined) ?? node.origin
  const path = formatPath(printablePath(schema, finding.path))
  if (origin.type !== 'file') return { source: sourceName(origin), path, message: finding.message }
  const { file, line, column } = origin
  return { file, line, column, path, message: finding.message }
}

/** Follows unions to the member that the value was most likely meant to be. */
export const concreteIssues = (issues: readonly Issue[]): readonly Issue[] =>
  issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue]
    const fitting = issue.errors.filter(
      (branch) => !branch.some((inner) => inner.path.length === 0 && isTypeFault(inner)),
    )
    const [branch] = fitting.toSorted((a, b) => a.length - b.length)
    if (branch === undefined) return [issue]
    return concreteIssues(branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })))
  })

export const pathOf = (issue: Issue): SettingPath =>
  issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))

const isTypeFault = (issue: Issue): boolean => issue.code === 'invalid_type' || issue.code === 'invalid_value'

const explain = (context: Context, issue: Issue): readonly Finding[] => {
  const { schema, tree } = context
  const path = pathOf(issue)
  const outline = outlineAt(schema, path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      atKey: true,
      message: unknownKey(context, outline, path, key),
    }))
  }
  if (issue.code === 'custom' && issue.message !== expected) return [{ path, message: issue.message }]
  if (issue.code === 'invalid_key') {
    const [inner] = issue.issues
    return [{ path, atKey: true, message: inner?.message ?? 'the name is not allowed' }]
  }
  return [{ path, message: wrongValue(outline, nodeAt(tree, path), issue) }]
}

const unknownKey = (
  context: Context,
  outline: Outline | undefined,
  path: SettingPath,
  key: string,
): string => {
  const shown = printableKey(key)
  const within = path.length === 0 ? '' : ` in ${formatPath(printablePath(context.schema, path))}`
  const said = `unknown key \`${shown}\`${within}`
  if (shown.endsWith(':…')) return `${said}; put a space after the colon`
  if (key === '<<') return `${said}; merge keys are not read, write the settings out`
  const near = suggestion(key, outline === undefined ? [] : keysOf(outline.schema))
  if (near !== '') return `${said}${near}`
  const elsewhere = context.fields.find(
    (field) => field.keys.at(-1) === key && field.keys.length !== path.length,
  )
  return elsewhere === undefined ? said : `${said}, did you mean \`${elsewhere.path}\`?`
}

const wrongValue = (outline: Outline | undefined, node: ConfigNode | undefined, issue: Issue): string => {
  const must = `must be ${outline === undefined ? 'another value' : expectation(outline)}`
  if (node === undefined) return `is missing; it ${must}`
  const { content } = node
  if (content.type === 'scalar' && content.value === null)
    return `has no value; it ${must}, or remove the key`
  if (issue.code === 'invalid_type') return `${must}, not ${typeName(content)}${quoteHint(outline, content)}`
  if (content.type === 'scalar' && issue.code === 'invalid_value')
    return `${must}${wrongChoice(outline, node, content.value)}`
  if (content.type === 'list' && issue.code === 'too_small')
    return `must have at least ${issue.minimum} items`
  return must
}

const wrongChoice = (outline: Outline | undefined, node: ConfigNode, value: unknown): string => {
  if (typeof value !== 'string' || outline === undefined || outline.meta.secret !== undefined) return ''
  const choices = alternativesOf(outline.schema).flatMap((option) =>
    option instanceof z.ZodEnum ? option.options.map(String) : [],
  )
  const near = suggestion(value, choices)
  if (near !== '') return near
  return node.literal && value.length <= 24 ? `, not \`${printableKey(value)}\`` : ''
}

const typeName = (content: ConfigNode['content']): string => {
  if (content.type === 'map') return 'a section'
  if (content.type === 'list') return 'a list'
  if (content.value === '') return 'an empty text'
  return typeof content.value === 'string'
    ? 'a text'
    : typeof content.value === 'number'
      ? 'a number'
      : 'true or false'
}

const quoteHint = (outline: Outline | undefined, content: ConfigNode['content']): string => {
  const text = content.type === 'scalar' && typeof content.value !== 'string'
  return text && outline?.schema instanceof z.ZodString ? '; put it in quotes' : ''
}

/** Names that nobody foresaw are shortened, in case a secret slipped into the place of a key. */
const printablePath = (schema: z.core.$ZodType, path: SettingPath): SettingPath =>
  path.map((segment, index) => {
    if (typeof segment === 'number') return segment
    const around = outlineAt(schema, path.slice(0, index))
    const foreseen =
      outlineAt(schema, path.slice(0, index + 1)) !== undefined && around?.meta.secret === undefined
    return foreseen ? segment : printableKey(segment)
  })
