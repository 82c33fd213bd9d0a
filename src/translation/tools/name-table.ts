import type { ProtocolId } from '../../ir/index.ts'
import { aliasFor, isNameFor } from './name-rule.ts'

/** A tool as the client names it. */
export interface ToolName {
  readonly name: string
  readonly namespace?: string
}

/** Names of one request in both directions. */
export interface NameTable {
  /** The name under which the target knows the tool. */
  toTarget(name: ToolName): string
  /** The client's tool that the target means. A name that nobody gave comes back as it is. */
  toClient(name: string): ToolName
  /** Does the target know any tool under another name than the client? */
  readonly hasAliases: boolean
}

/** Codex's default namespace, which may be left out in calls. */
const defaultNamespace = 'functions'

/** Gemini models sometimes put it before a name of their own accord (translation.md §1.6). */
const inventedPrefix = 'default_api:'

/**
 * Gives every tool a name that the target takes and no other tool has. Names that fit stay; a namespace stands in front
 * of its tools' names; every other name is shortened to what is readable of it and a hash of the whole.
 * @param declared in the order of the request
 * @param reserved names that the target uses for tools of its own
 */
export const createNameTable = (
  declared: readonly ToolName[],
  protocol: ProtocolId,
  reserved: ReadonlySet<string> = new Set(),
): NameTable => {
  const targetNames = new Map<string, string>()
  const clientNames = new Map<string, ToolName>()
  const plain = new Set(declared.filter((tool) => tool.namespace === undefined).map((tool) => tool.name))

  let hasAliases = false

  const isFree = (name: string): boolean => !clientNames.has(name) && !reserved.has(name)
  const give = (tool: ToolName, name: string): string => {
    targetNames.set(keyOf(tool), name)
    const said = asClientSays(tool, plain)
    clientNames.set(name, said)
    if (said.namespace !== undefined || said.name !== name) hasAliases = true
    return name
  }
  const add = (tool: ToolName): string => {
    const known = targetNames.get(keyOf(tool))
    if (known !== undefined) return known
    const wanted = flatName(tool)
    if (isNameFor(protocol, wanted) && isFree(wanted)) return give(tool, wanted)
    let source = tool.namespace === undefined ? tool.name : keyOf(tool)
    while (!isFree(aliasFor(protocol, wanted, source))) source += '\u0000'
    return give(tool, aliasFor(protocol, wanted, source))
  }

  // A name that fits must not be taken by another's alias, nor a plain one by one out of a namespace.
  for (const tool of declared) if (tool.namespace === undefined && isNameFor(protocol, tool.name)) add(tool)
  for (const tool of declared) if (isNameFor(protocol, flatName(tool))) add(tool)
  for (const tool of declared) add(tool)

  const inNamespace = lonelyNames(declared, plain)
  return {
    get hasAliases() {
      return hasAliases
    },
    toTarget(tool) {
      const lonely = tool.namespace === undefined ? inNamespace.get(tool.name) : undefined
      return targetNames.get(keyOf(tool)) ?? add(lonely ?? tool)
    },
    toClient(name) {
      const known = clientNames.get(name)
      if (known !== undefined) return known
      const rest = name.startsWith(inventedPrefix) ? name.slice(inventedPrefix.length) : undefined
      return (rest === undefined ? undefined : clientNames.get(rest)) ?? { name }
    },
  }
}

const keyOf = ({ name, namespace }: ToolName): string =>
  namespace === undefined ? name : `${namespace}\u0000${name}`

const flatName = ({ name, namespace }: ToolName): string =>
  namespace === undefined || namespace === defaultNamespace ? name : `${namespace}__${name}`

const asClientSays = (tool: ToolName, plain: ReadonlySet<string>): ToolName =>
  tool.namespace === defaultNamespace && !plain.has(tool.name) ? { name: tool.name } : tool

/** Tools of a namespace that can be meant by their name alone: no other tool has it. */
const lonelyNames = (
  declared: readonly ToolName[],
  plain: ReadonlySet<string>,
): ReadonlyMap<string, ToolName> => {
  const found = new Map<string, ToolName>()
  const several = new Set<string>()
  for (const tool of declared) {
    if (tool.namespace === undefined) continue
    const other = found.get(tool.name)
    if (other !== undefined && other.namespace !== tool.namespace) several.add(tool.name)
    // The default namespace is the one that is left out.
    if (other === undefined || tool.namespace === defaultNamespace) found.set(tool.name, tool)
  }
  for (const name of several) if (found.get(name)?.namespace !== defaultNamespace) found.delete(name)
  for (const name of plain) found.delete(name)
  return found
}
