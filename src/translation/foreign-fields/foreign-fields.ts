import {
  extensionOf,
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Node,
  type Part,
  type ProtocolId,
  type ToolDefinition,
} from '../../ir/index.ts'
import type { Pass } from '../pass.ts'
import type { ForeignField, ForeignFieldLevel, ForeignFieldPolicy } from './foreign-field.ts'
import { foreignFieldTable } from './table.ts'

/**
 * Judges by the table what only the client's own protocol can say: request, turns, parts, tools. Nothing is changed,
 * for encoders do not look at the extensions of another protocol. Runs last: what another pass could say, it has taken
 * out.
 */
export const foreignFields: Pass = {
  name: 'foreign fields',
  run(request, { target, warn, refuse }) {
    if (request.protocol === target.protocol) return { request }
    visitFields(request, ({ field, path, policy, reason }) => {
      if (policy === 'refuse') refuse(field, path, reason)
      if (policy === 'warn') warn('dropped', field, path, reason)
    })
    return { request }
  },
}

export interface VisitedField {
  readonly level: ForeignFieldLevel
  readonly field: string
  /** Where it stands in the client's request. */
  readonly path: string
  readonly policy: ForeignFieldPolicy
  readonly reason: string
  readonly isKnown: boolean
}

/** Walks every field that is left in the extensions of the request's own protocol. */
export const visitFields = (request: GenerateRequest, visit: (field: VisitedField) => void): void => {
  const { protocol } = request
  const judged = (level: ForeignFieldLevel, node: Node, place: string): void => {
    const fields = fieldsIn(extensionOf(node, protocol), '', protocol, level)
    for (const { field, value, row } of fields) {
      const policy = row === undefined ? 'warn' : (row.judge?.(value, request) ?? row.policy)
      visit({
        level,
        field,
        path: place === '' ? field : `${place}.${field}`,
        policy: policy === 'inside' ? 'silent' : policy,
        reason: row?.reason ?? 'no counterpart',
        isKnown: row !== undefined,
      })
    }
  }
  const parts = (list: readonly Part[], place: string): void => {
    list.forEach((part, index) => {
      const at = part.at ?? `${place}.parts[${index}]`
      judged('part', part, at)
      if (part.type === 'tool-result') parts(part.content, at)
      if (part.type === 'document' && part.source.type === 'parts') parts(part.source.parts, at)
    })
  }
  const tools = (list: readonly ToolDefinition[], place: string): void => {
    list.forEach((tool, index) => {
      const at = tool.at ?? `${place}[${index}]`
      judged('tool', tool, at)
      if (tool.type === 'namespace') tools(tool.tools, `${at}.tools`)
    })
  }
  judged('request', request, '')
  request.turns.forEach((turn, index) => {
    const at = turn.at ?? `turns[${index}]`
    judged('turn', turn, at)
    parts(turn.parts, at)
    tools(turn.tools ?? [], `${at}.tools`)
  })
  tools(request.tools, 'tools')
  const { toolChoice, output, reasoning } = request
  if (toolChoice !== undefined) judged('tool choice', toolChoice, toolChoice.at ?? 'toolChoice')
  if (output !== undefined) judged('output', output, output.at ?? 'output')
  if (reasoning !== undefined) judged('reasoning', reasoning, reasoning.at ?? 'reasoning')
}

interface FoundField {
  readonly field: string
  readonly value: JsonValue
  readonly row: ForeignField | undefined
}

/** Null and what is empty say what saying nothing says. Notes of the codecs begin with `~` or `$`; some of these hold an inner object. */
const fieldsIn = (
  members: JsonObject,
  prefix: string,
  protocol: ProtocolId,
  level: ForeignFieldLevel,
): readonly FoundField[] =>
  Object.entries(members).flatMap(([key, value]): readonly FoundField[] => {
    if (value === undefined || value === null || key.startsWith('~')) return []
    const isNote = key.startsWith('$')
    if (isNote && !isJsonObject(value)) return []
    const name = isNote ? key.slice(1) : key
    const field = prefix + (protocol === 'gemini' ? camelCase(name) : name)
    const row = rows.get(`${protocol} ${level} ${field}`)
    if (isJsonObject(value) && (row === undefined ? isNote : row.policy === 'inside')) {
      return fieldsIn(value, `${field}.`, protocol, level)
    }
    if (row?.policy === 'inside') return []
    return isEmpty(value) ? [] : [{ field, value, row }]
  })

const isEmpty = (value: JsonValue): boolean =>
  (Array.isArray(value) && value.length === 0) || (isJsonObject(value) && Object.keys(value).length === 0)

const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const rows: ReadonlyMap<string, ForeignField> = new Map(
  foreignFieldTable.map((row) => [`${row.protocol} ${row.level} ${row.field}`, row]),
)
