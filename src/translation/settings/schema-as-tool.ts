import type { GenerateRequest, OutputFormat, StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import type { Passed } from '../pass.ts'

/**
 * Structured output of models that know no schema for it: one tool with that schema, which the model must call, and
 * whose arguments are the answer's text (translation.md §6.1). Not together with other tools or thinking.
 */
export const schemaAsTool = (request: GenerateRequest, output: OutputFormat): Passed => {
  const name = (output.name ?? 'response').replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || 'response'
  const { output: _output, ...rest } = request
  return {
    request: {
      ...rest,
      tools: [
        {
          type: 'function',
          name,
          ...(output.description === undefined ? {} : { description: output.description }),
          ...(output.schema === undefined ? {} : { parameters: output.schema }),
        },
      ],
      toolChoice: { type: 'tool', name, kind: 'function' },
    },
    answer: () => callAsText(name),
  }
}

/** Calls of one tool as the text that they are. */
const callAsText = (name: string): Machine<StreamEvent, StreamEvent> => {
  /** Calls under way; true once something of the arguments was seen. */
  const open = new Map<string, boolean>()
  const key = ({ choice, index }: { readonly choice?: number; readonly index: number }): string =>
    `${choice ?? 0}:${index}`
  return {
    push(event) {
      switch (event.type) {
        case 'tool-call-start':
          if (event.part.type !== 'tool-call' || event.part.name !== name) return [event]
          open.set(key(event), false)
          return [{ ...event, type: 'text-start', part: { type: 'text', text: '' } }]
        case 'tool-call-delta': {
          if (!open.has(key(event)) || event.input === '') return open.has(key(event)) ? [] : [event]
          open.set(key(event), true)
          const { input, type: _type, extensions: _extensions, ...place } = event
          return [{ type: 'text-delta', ...place, text: input }]
        }
        case 'tool-call-end': {
          const wasSaid = open.get(key(event))
          if (wasSaid === undefined) return [event]
          open.delete(key(event))
          const place = event.choice === undefined ? {} : { choice: event.choice }
          const end: StreamEvent = { type: 'text-end', ...place, index: event.index }
          // A call without arguments says an empty object.
          return wasSaid ? [end] : [{ type: 'text-delta', ...place, index: event.index, text: '{}' }, end]
        }
        case 'finish':
          return [
            event.finish.reason === 'tool-calls'
              ? { ...event, finish: { ...event.finish, reason: 'end' } }
              : event,
          ]
        default:
          return [event]
      }
    },
    end: () => [],
  }
}
