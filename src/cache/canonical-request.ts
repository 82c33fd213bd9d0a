import type { Extensions, GenerateRequest, Turn } from '../ir/index.ts'
import { canonicalJson, withoutSpace } from './canonical-json.ts'
import { undecidedAnywhere, undecidedExtensions, undecidedFields } from './what-decides.ts'

/** What of a request decides its answer, in sections, so that two requests can be told apart by where they differ. */
export interface CanonicalRequest {
  readonly system: string
  readonly messages: string
  readonly tools: string
  readonly parameters: string
}

/**
 * Equal for requests that ask the same, whatever the protocol, the order of keys and the white space. Prompts are in
 * it: it is made to be hashed, not to be kept.
 */
export const canonicalRequest = (request: GenerateRequest): CanonicalRequest => {
  const { turns, tools, toolChoice, parallelToolCalls, ...rest } = request
  const isFirst = turns.findIndex(({ role }) => role !== 'system')
  const preamble = isFirst < 0 ? turns.length : isFirst
  const parameters: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(rest)) {
    if (!(field in undecidedFields)) parameters[field] = value
  }
  return {
    system: said(turns.slice(0, preamble).map(plainSystem)),
    messages: said(turns.slice(preamble)),
    tools: said({ tools, toolChoice, parallelToolCalls }),
    parameters: said(parameters),
  }
}

/** System text before all messages says the same in a field of its own and as the first message. */
const plainSystem = ({ placement, authority, extensions, ...turn }: Turn): unknown => ({
  ...turn,
  ...(authority === undefined || authority === 'system' ? {} : { authority }),
  ...(extensions === undefined
    ? {}
    : { extensions: placement === 'preamble' ? withoutRole(extensions) : extensions }),
})

/** Gemini ignores the role of a system instruction, which its SDKs write nevertheless. */
const withoutRole = ({ gemini, ...others }: Extensions): Extensions => {
  const { role: _, ...rest } = gemini ?? {}
  return { ...others, gemini: rest }
}

const said = (value: unknown): string => canonicalJson(decided(value))

/** Source texts of JSON values. */
const jsonTexts: ReadonlySet<string> = new Set([
  ...['parameters', 'outputSchema', 'schema', 'format', 'config', 'json', 'input', 'output'],
])

/** Values of the client's own, in which any key may stand. */
const foreignObjects: ReadonlySet<string> = new Set(['logitBias', 'moderation'])

/** A node of the canonical form with source texts in one form, and without what decides nothing. */
const decided = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(decided)
  if (typeof value !== 'object' || value === null) return value
  const result: Record<string, unknown> = {}
  const isFreeText = Reflect.get(value, 'kind') === 'custom'
  for (const [key, member] of Object.entries(value)) {
    if (key === 'extensions') {
      const extensions = decidingExtensions(member)
      if (extensions !== undefined) result[key] = extensions
    } else if (key === 'raw') {
      const source = sourceOf(value, member)
      if (source !== undefined) result['source'] = source
    } else if (key in undecidedAnywhere) continue
    else if (typeof member === 'string')
      result[key] = jsonTexts.has(key) && !isFreeText ? withoutSpace(member) : member
    else result[key] = foreignObjects.has(key) ? member : decided(member)
  }
  return result
}

/**
 * Source text holds what the canonical form has no word for; undefined where it says no more than the fields do.
 */
const sourceOf = (node: object, raw: unknown): unknown => {
  const json: unknown = typeof raw === 'object' && raw !== null ? Reflect.get(raw, 'json') : undefined
  if (typeof json !== 'string') return raw
  let source: unknown
  try {
    source = JSON.parse(json)
  } catch {
    return json
  }
  const type: unknown = Reflect.get(node, 'type')
  if (type === 'text' && hasOnly(source, 'text')) return undefined
  if (type === 'image' && hasOnly(source, 'inlineData')) {
    if (hasOnly(Reflect.get(source, 'inlineData'), 'mimeType', 'data')) return undefined
  }
  return source
}

const hasOnly = (value: unknown, ...names: readonly string[]): value is object =>
  typeof value === 'object' && value !== null && Object.keys(value).every((name) => names.includes(name))

const decidingExtensions = (extensions: unknown): unknown => {
  if (typeof extensions !== 'object' || extensions === null) return undefined
  const kept: Record<string, unknown> = {}
  for (const [protocol, members] of Object.entries(extensions)) {
    const undecided = undecidedOf(protocol)
    const deciding = Object.entries(members ?? {}).filter(([name]) => !undecided.has(name))
    // `null` and an empty list are what they are: only what says nothing at all is left out.
    if (deciding.length > 0) kept[protocol] = Object.fromEntries(deciding)
  }
  return Object.keys(kept).length === 0 ? undefined : kept
}

const none: ReadonlySet<string> = new Set()
const undecidedSets: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(undecidedExtensions).map(([protocol, names]) => [protocol, new Set(Object.keys(names))]),
)
const undecidedOf = (protocol: string): ReadonlySet<string> => undecidedSets.get(protocol) ?? none
