/** One conversation in the words of each client: what an agent sends that has called tools before. */
import { rawJson, writeJson } from '../../src/wire/index.ts'
import type { Client } from './cases.ts'
import type { Word } from './provider-answers.ts'

export type Spoken =
  | { readonly user: string }
  | { readonly assistant: readonly Word[] }
  | { readonly results: readonly Result[] }

export interface Result {
  readonly call: string
  readonly name: string
  readonly output: string
  readonly isError?: true
}

export interface AgentRequest {
  readonly turns: readonly Spoken[]
  readonly tools?: readonly AgentTool[]
  /** Members of the body beside conversation and tools. */
  readonly more?: object
}

export interface AgentTool {
  readonly name: string
  readonly schema?: object
}

const anything = { type: 'object', properties: {} }

/** The body of a request. */
export const requestOf = (client: Client, { turns, tools = [], more = {} }: AgentRequest): string =>
  writeJson({
    ...(client === 'gemini' ? {} : { model: 'model' }),
    ...(client === 'anthropic-messages' ? { max_tokens: 30_000 } : {}),
    ...(client === 'openai-responses' ? { store: false } : {}),
    ...(tools.length === 0 ? {} : { tools: definitions[client](tools) }),
    ...conversations[client](turns),
    ...more,
  })

const definitions: Readonly<Record<Client, (tools: readonly AgentTool[]) => readonly object[]>> = {
  'anthropic-messages': (tools) =>
    tools.map(({ name, schema = anything }) => ({ name, description: `does ${name}`, input_schema: schema })),
  'openai-chat': (tools) =>
    tools.map(({ name, schema = anything }) => ({
      type: 'function',
      function: { name, description: `does ${name}`, parameters: schema },
    })),
  'openai-responses': (tools) =>
    tools.map(({ name, schema = anything }) => ({
      type: 'function',
      name,
      description: `does ${name}`,
      parameters: schema,
      strict: false,
    })),
  gemini: (tools) => [
    {
      functionDeclarations: tools.map(({ name, schema = anything }) => ({
        name,
        description: `does ${name}`,
        parametersJsonSchema: schema,
      })),
    },
  ],
}

const object = (input: string): unknown => rawJson(input === '' ? '{}' : input)

const conversations: Readonly<Record<Client, (turns: readonly Spoken[]) => object>> = {
  'anthropic-messages': (turns) => ({
    messages: turns.map((turn) => {
      if ('user' in turn) return { role: 'user', content: turn.user }
      if ('results' in turn) {
        return {
          role: 'user',
          content: turn.results.map(({ call, output, isError }) => ({
            type: 'tool_result',
            tool_use_id: call,
            content: output,
            ...(isError ? { is_error: true } : {}),
          })),
        }
      }
      return {
        role: 'assistant',
        content: turn.assistant.map((word): object => {
          if ('thought' in word)
            return { type: 'thinking', thinking: word.thought, signature: word.state ?? '' }
          if ('hidden' in word) return { type: 'redacted_thinking', data: word.hidden }
          if ('text' in word) return { type: 'text', text: word.text }
          return { type: 'tool_use', id: word.call, name: word.name, input: object(word.input) }
        }),
      }
    }),
  }),
  'openai-chat': (turns) => ({
    messages: turns.flatMap((turn): readonly object[] => {
      if ('user' in turn) return [{ role: 'user', content: turn.user }]
      if ('results' in turn) {
        return turn.results.map(({ call, output }) => ({
          role: 'tool',
          tool_call_id: call,
          content: output,
        }))
      }
      const calls = turn.assistant.flatMap((word) =>
        'call' in word
          ? [{ id: word.call, type: 'function', function: { name: word.name, arguments: word.input } }]
          : [],
      )
      const text = turn.assistant.map((word) => ('text' in word ? word.text : '')).join('')
      const thoughts = turn.assistant.map((word) => ('thought' in word ? word.thought : '')).join('')
      return [
        {
          role: 'assistant',
          content: text === '' ? null : text,
          ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
      ]
    }),
  }),
  'openai-responses': (turns) => ({
    input: turns.flatMap((turn, place): readonly object[] => {
      if ('user' in turn) return [{ role: 'user', content: turn.user }]
      if ('results' in turn) {
        return turn.results.map(({ call, output }) => ({
          type: 'function_call_output',
          call_id: call,
          output,
        }))
      }
      return turn.assistant.map((word, index): object => {
        if ('thought' in word || 'hidden' in word) {
          const state = 'hidden' in word ? word.hidden : word.state
          return {
            type: 'reasoning',
            id: `rs_${place}${index}`,
            summary: 'thought' in word ? [{ type: 'summary_text', text: word.thought }] : [],
            ...(state === undefined ? {} : { encrypted_content: state }),
          }
        }
        if ('text' in word) {
          return {
            type: 'message',
            id: `msg_${place}${index}`,
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: word.text, annotations: [] }],
          }
        }
        return {
          type: 'function_call',
          id: `fc_${place}${index}`,
          status: 'completed',
          call_id: word.call,
          name: word.name,
          arguments: word.input,
        }
      })
    }),
  }),
  gemini: (turns) => ({
    contents: turns.map((turn) => {
      if ('user' in turn) return { role: 'user', parts: [{ text: turn.user }] }
      if ('results' in turn) {
        return {
          role: 'user',
          parts: turn.results.map(({ call, name, output, isError }) => ({
            functionResponse: { id: call, name, response: isError ? { error: output } : { output } },
          })),
        }
      }
      let state: string | undefined
      const parts = turn.assistant.flatMap((word): readonly object[] => {
        if ('hidden' in word) {
          state = word.hidden
          return []
        }
        if ('thought' in word) {
          state = word.state
          return [{ text: word.thought, thought: true }]
        }
        const signed = state === undefined ? {} : { thoughtSignature: state }
        state = undefined
        return [
          'text' in word
            ? { text: word.text, ...signed }
            : { functionCall: { id: word.call, name: word.name, args: object(word.input) }, ...signed },
        ]
      })
      return { role: 'model', parts }
    }),
  }),
}
