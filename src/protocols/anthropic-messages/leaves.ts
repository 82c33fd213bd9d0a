import { type Leaf, lazyLeaf } from '../../ir/index.ts'
import type { TextsRequest } from '../protocol.ts'
import { type JsonTree, type PlacedMember, type PlacedValue, readTree } from './json-tree.ts'
import { resultSuffix } from './server-tools.ts'

/** What the strings inside a value are. */
interface Voice {
  readonly role: Leaf['role']
  readonly kind: Leaf['kind']
}

/**
 * Every text of a request with its place. What is text is decided by exclusion: any string inside messages, system
 * and tools is a leaf, but for the members listed here, so that a block of tomorrow hides nothing.
 */
export const leaves = ({ body, scan }: TextsRequest): readonly Leaf[] => {
  const tree = readTree(body, scan?.text)
  const collector = leafCollector(tree)
  for (const { key, value } of membersOf(tree.root)) {
    if (key === 'messages') collector.messages(value)
    else if (key === 'system') collector.text(value, 'system', { role: 'system', kind: 'text' })
    else if (key === 'tools') collector.tools(value, 'tools')
    else if (key === 'output_config') collector.format(value, key)
    else if (key === 'output_format') collector.schema(value, key)
    else if (asides.has(key)) collector.text(value, key, { role: 'system', kind: 'title' })
    else if (!settings.has(key)) collector.text(value, key, { role: 'user', kind: 'text' })
  }
  return collector.found
}

/** Words that stand beside the conversation: who asks, and where an answer ends. */
const asides: ReadonlySet<string> = new Set(['metadata', 'stop_sequences'])

/** Request members that say how to answer. */
const settings: ReadonlySet<string> = new Set([
  'model',
  'max_tokens',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'tool_choice',
  'thinking',
  'service_tier',
  'speed',
  'container',
  'context_management',
  'compaction',
  'mcp_servers',
  'inference_geo',
  'cache_control',
  'diagnostics',
  'fallbacks',
  'fallback_credit_token',
  'billing_policy',
  'user_profile_id',
  'workspace_id',
  'thread',
  'betas',
  'anthropic_version',
  'anthropic_beta',
])

/** Members of blocks that are ids, names, marks, or state that must come back unchanged. */
const notText: ReadonlySet<string> = new Set([
  'type',
  'id',
  'role',
  'name',
  'model',
  'tool_use_id',
  'tool_name',
  'toolset_name',
  'server_name',
  'mcp_server_name',
  'file_id',
  'media_type',
  'file_type',
  'signature',
  'encrypted_content',
  'encrypted_index',
  'encrypted_stdout',
  'cache_control',
  'caller',
  'error_code',
  'retrieved_at',
  'page_age',
  'stop_reason',
  'clear_at',
  'output_config',
])

/** Members of tools that are names and enum words. */
const toolSettings: ReadonlySet<string> = new Set([
  'name',
  'type',
  'model',
  'cache_control',
  'allowed_callers',
  'mcp_server_name',
])

const titles: ReadonlySet<string> = new Set(['title', 'document_title', 'source'])

/** Schema keywords whose strings are no words of anybody. */
const schemaKeywords: ReadonlySet<string> = new Set([
  'type',
  'format',
  'required',
  '$schema',
  '$ref',
  '$id',
  '$anchor',
  '$dynamicRef',
  'contentEncoding',
  'contentMediaType',
])

const leafCollector = (tree: JsonTree) => {
  const found: Leaf[] = []
  const ids = new Map<string, number>()

  const add = (value: PlacedValue, path: string, voice: Voice, isJson = false): void => {
    // Duplicate keys give the same path twice.
    const times = (ids.get(path) ?? 0) + 1
    ids.set(path, times)
    const leaf = {
      id: times === 1 ? path : `${path}#${times}`,
      role: voice.role,
      kind: voice.kind,
      start: value.start,
      end: value.end,
    }
    found.push(
      isJson
        ? { ...leaf, text: tree.sourceOf(value), json: true }
        : lazyLeaf(leaf, tree.literalOf(value), () => tree.textOf(value)),
    )
  }

  const stringMember = (value: PlacedValue, name: string): string | undefined => {
    const member = membersOf(value).findLast(({ key }) => key === name)
    return member?.value.kind === 'string' ? tree.textOf(member.value) : undefined
  }

  const text = (value: PlacedValue, path: string, voice: Voice): void => {
    switch (value.kind) {
      case 'string':
        add(value, path, voice)
        break
      case 'array':
        value.items.forEach((item, index) => {
          text(item, `${path}[${index}]`, voice)
        })
        break
      case 'object':
        block(value, path, voice)
        break
    }
  }

  const block = (value: PlacedValue, path: string, voice: Voice): void => {
    const type = stringMember(value, 'type') ?? ''
    const isResult = type === 'tool_result' || type.endsWith(resultSuffix)
    const inside: Voice = isResult ? { role: 'tool', kind: 'tool-output' } : voice
    for (const member of membersOf(value)) {
      const at = `${path}.${member.key}`
      if (type.endsWith('tool_use') && member.key === 'input') {
        add(member.value, at, { role: 'assistant', kind: 'tool-input' }, true)
      } else if (member.key === 'input_schema') schema(member.value, at)
      else if (!isNoText(type, member)) text(member.value, at, voiceOf(type, member, inside))
    }
  }

  const tools = (value: PlacedValue, path: string): void => {
    if (value.kind !== 'array') return
    value.items.forEach((tool, index) => {
      for (const member of membersOf(tool)) {
        const at = `${path}[${index}].${member.key}`
        if (member.key === 'input_schema') schema(member.value, at)
        else if (!toolSettings.has(member.key)) text(member.value, at, description)
      }
    })
  }

  /** Descriptions, titles, and the values that a schema allows. */
  const schema = (value: PlacedValue, path: string): void => {
    if (value.kind === 'array') {
      value.items.forEach((item, index) => {
        schemaValue(item, `${path}[${index}]`)
      })
    }
    for (const { key, value: member } of membersOf(value)) {
      // A property may be called `type`: then its value is a schema.
      if (schemaKeywords.has(key) && member.kind !== 'object') continue
      schemaValue(member, `${path}.${key}`)
    }
  }

  const schemaValue = (value: PlacedValue, path: string): void => {
    if (value.kind === 'string') add(value, path, description)
    else schema(value, path)
  }

  const messages = (value: PlacedValue): void => {
    const messages = value.kind === 'array' ? value.items : []
    messages.forEach((message, index) => {
      const path = `messages[${index}]`
      const stated = stringMember(message, 'role')
      const role = stated === 'assistant' || stated === 'system' ? stated : 'user'
      text(message, path, { role, kind: 'text' })
    })
  }

  /** Of the output's settings only the schema holds words. */
  const format = (value: PlacedValue, path: string): void => {
    for (const member of membersOf(value)) {
      if (member.key === 'format') schema(member.value, `${path}.format`)
    }
  }

  return { found, text, tools, schema, format, messages }
}

const description: Voice = { role: 'system', kind: 'description' }

const membersOf = (value: PlacedValue): readonly PlacedMember[] =>
  value.kind === 'object' ? value.members : []

/** `data` is text only in a text source; an address is shown to the model only in what tools found. */
const isNoText = (type: string, { key }: PlacedMember): boolean =>
  notText.has(key) ||
  (key === 'data' && (type === 'base64' || type === 'redacted_thinking')) ||
  (key === 'url' && type === 'url')

const voiceOf = (type: string, { key, value }: PlacedMember, voice: Voice): Voice => {
  const isString = value.kind === 'string'
  if (type === 'thinking' && key === 'thinking') return { ...voice, kind: 'reasoning' }
  if (key === 'description') return { ...voice, kind: 'description' }
  return isString && titles.has(key) ? { ...voice, kind: 'title' } : voice
}
