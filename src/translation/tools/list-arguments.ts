import { type FunctionTool, isJsonObject, type JsonText, type StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import type { Pass } from '../pass.ts'
import { memberOf, objectMember, objectOf, parsedJson } from './json-source.ts'
import { objectSource, rootMembers } from './root-members.ts'

/**
 * Arguments that the schema demands as a list of texts and that the model wrote as one text. Only there: Codex 0.55 gives
 * up its `shell` then, while every other surprise is the client's to judge.
 */
export const listArguments: Pass = {
  name: 'list arguments',
  run(request, { target }) {
    if (request.protocol === target.protocol) return { request }
    const tools = new Map(
      request.tools.flatMap((tool): readonly (readonly [string, FunctionTool])[] =>
        tool.type === 'function' && tool.parameters?.includes('"array"') === true ? [[tool.name, tool]] : [],
      ),
    )
    return tools.size === 0 ? { request } : { request, answer: () => withLists(tools) }
  },
}

/** Names of required properties that are lists of nothing but texts. */
const requiredLists = ({ parameters }: FunctionTool): readonly string[] => {
  const schema = objectOf(parameters ?? '{}')
  const required = memberOf(schema, 'required')
  const properties = Object.entries(objectMember(schema, 'properties') ?? {})
  return properties.flatMap(([name, property]) => {
    if (!Array.isArray(required) || !required.includes(name) || !isJsonObject(property)) return []
    const items = objectMember(property, 'items')
    return property['type'] === 'array' && items?.['type'] === 'string' ? [name] : []
  })
}

/** Schemas are read only when their function is called. */
const withLists = (tools: ReadonlyMap<string, FunctionTool>): Machine<StreamEvent, StreamEvent> => {
  const open = new Map<string, { readonly members: readonly string[]; readonly input: string[] }>()
  const keyOf = (at: { readonly choice?: number; readonly index: number }): string =>
    `${at.choice ?? 0} ${at.index}`
  return {
    push(event) {
      switch (event.type) {
        case 'tool-call-start': {
          const { part } = event
          const tool = part.type === 'tool-call' ? tools.get(part.name) : undefined
          const members = tool === undefined ? [] : requiredLists(tool)
          if (members.length === 0 || part.type !== 'tool-call') return [event]
          open.set(keyOf(event), { members, input: [part.input] })
          return part.input === '' ? [event] : [{ ...event, part: { ...part, input: '' } }]
        }
        case 'tool-call-delta': {
          const call = open.size === 0 ? undefined : open.get(keyOf(event))
          if (call === undefined) return [event]
          call.input.push(event.input)
          return []
        }
        case 'tool-call-end': {
          const call = open.get(keyOf(event))
          if (call === undefined) return [event]
          open.delete(keyOf(event))
          const input = withListed(call.input.join(''), call.members)
          if (input === '') return [event]
          const { choice, index } = event
          const at = { ...(choice === undefined ? {} : { choice }), index }
          return [{ type: 'tool-call-delta', ...at, input }, event]
        }
        default:
          return [event]
      }
    },
    end: () => [],
  }
}

const withListed = (input: JsonText, members: readonly string[]): JsonText => {
  const given = objectOf(input)
  const texts = members.filter((name) => typeof memberOf(given, name) === 'string')
  if (texts.length === 0) return input
  const listed = [...rootMembers(input)].map(([name, source]): readonly [string, JsonText] => {
    const value = memberOf(given, name)
    const isText = texts.includes(name) && typeof value === 'string'
    return [name, isText ? JSON.stringify(asList(name, value)) : source]
  })
  return objectSource(listed)
}

/** Some models write the list as JSON inside a text. A command line that is no list is a shell's to take apart. */
const asList = (name: string, text: string): readonly string[] => {
  const value = parsedJson(text)
  if (Array.isArray(value) && value.every((item): item is string => typeof item === 'string')) return value
  return name === 'command' && /\s/.test(text) ? ['bash', '-lc', text] : [text]
}
