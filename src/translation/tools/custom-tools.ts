import type {
  CustomTool,
  FunctionTool,
  Part,
  StreamEvent,
  ToolCallPart,
  ToolChoice,
  ToolDefinition,
} from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import type { Pass, TranslationTarget } from '../pass.ts'
import { formatFor, grammarText } from './custom-format.ts'
import { mapParts } from './map-parts.ts'
import { type UnwrappedInput, unwrapInput } from './unwrapped-input.ts'

/**
 * Free-text tools for a target that has none (translation.md TD10): functions whose only argument is the text, with the
 * grammar in their description. Their calls come back as what the client declared: Codex gives up a custom tool that is
 * called like a function.
 */
export const customTools: Pass = {
  name: 'custom tools',
  run(request, { target }) {
    if (request.protocol === target.protocol) return { request }
    const hasOwn = takesCustomTools(target)
    const names = new Set<string>()
    const adopt = (tool: ToolDefinition): ToolDefinition => {
      if (tool.type !== 'custom') return tool
      if (hasOwn) return respelled(tool, target)
      names.add(tool.name)
      return asFunction(tool)
    }
    const tools = request.tools.map(adopt)
    const added = request.turns.map((turn) =>
      turn.tools === undefined ? turn : { ...turn, tools: turn.tools.map(adopt) },
    )
    const turns = hasOwn ? added : mapParts(added, wrapped)
    const { toolChoice } = request
    const choice = toolChoice === undefined || hasOwn ? toolChoice : functionChoice(toolChoice)
    return {
      request: { ...request, tools, turns, ...(choice === undefined ? {} : { toolChoice: choice }) },
      ...(names.size === 0 ? {} : { answer: () => unwrapCalls(names) }),
    }
  },
}

const takesCustomTools = ({ protocol, capabilities }: TranslationTarget): boolean =>
  (protocol === 'openai-chat' || protocol === 'openai-responses') && capabilities.customTools

const respelled = (tool: CustomTool, { protocol }: TranslationTarget): CustomTool =>
  tool.format === undefined ? tool : { ...tool, format: formatFor(protocol, tool.format) }

const parameters = '{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}'

const asFunction = ({ name, description, format, cache, at }: CustomTool): FunctionTool => {
  const texts = [description, grammarText(format)].filter((text) => text !== undefined && text !== '')
  return {
    type: 'function',
    name,
    ...(texts.length === 0 ? {} : { description: texts.join('\n\n') }),
    parameters,
    ...(cache === undefined ? {} : { cache }),
    ...(at === undefined ? {} : { at }),
  }
}

const wrapped = (part: Part): Part => {
  if (part.type === 'tool-call' && part.kind === 'custom') {
    return { ...part, kind: 'function', input: JSON.stringify({ input: part.input }) }
  }
  return part.type === 'tool-result' && part.kind === 'custom' ? { ...part, kind: 'function' } : part
}

const functionChoice = (choice: ToolChoice): ToolChoice =>
  choice.type === 'tool' && choice.kind === 'custom' ? { ...choice, kind: 'function' } : choice

/** @param names under which the target knows the tools */
const unwrapCalls = (names: ReadonlySet<string>): Machine<StreamEvent, StreamEvent> => {
  const open = new Map<string, UnwrappedInput>()
  const keyOf = (at: { readonly choice?: number; readonly index: number }): string =>
    `${at.choice ?? 0} ${at.index}`
  return {
    push(event) {
      switch (event.type) {
        case 'tool-call-start': {
          const { part } = event
          if (part.type !== 'tool-call' || part.kind !== 'function' || !names.has(part.name)) return [event]
          const input = unwrapInput()
          open.set(keyOf(event), input)
          const custom: ToolCallPart = { ...part, kind: 'custom', input: input.push(part.input) }
          return [{ ...event, part: custom }]
        }
        case 'tool-call-delta': {
          const input = open.size === 0 ? undefined : open.get(keyOf(event))
          if (input === undefined) return [event]
          const text = input.push(event.input)
          return text === '' ? [] : [{ ...event, input: text }]
        }
        case 'tool-call-end': {
          const text = open.get(keyOf(event))?.end() ?? ''
          open.delete(keyOf(event))
          if (text === '') return [event]
          const { choice, index } = event
          const rest = { ...(choice === undefined ? {} : { choice }), index, input: text }
          return [{ type: 'tool-call-delta', ...rest }, event]
        }
        default:
          return [event]
      }
    },
    end: () => [],
  }
}
