/** What a provider reads in a request, from the bytes alone: no codec of the gateway has a hand in it. */
import { isJsonObject } from '../../src/ir/index.ts'
import { parseDocument } from '../../src/wire/index.ts'
import type { Client } from './cases.ts'
import { list, member, words } from './json-path.ts'

/** One thing that was said, in its place. */
export type Read =
  | { readonly kind: 'text'; readonly role: unknown; readonly text: string }
  | { readonly kind: 'thoughts'; readonly text: string; readonly state: string }
  | { readonly kind: 'call'; readonly id: unknown; readonly name: unknown; readonly input: string }
  | {
      readonly kind: 'result'
      readonly id: unknown
      readonly output: unknown
      readonly isError: boolean
    }
  | { readonly kind: 'other'; readonly type: string; readonly value: unknown }

type Source = (value: unknown) => string

export const promptOf = (upstream: Client, body: string): readonly Read[] => {
  const { value, source } = parseDocument(body)
  return readers[upstream](value, source)
}

export const callsIn = (read: readonly Read[]): readonly Extract<Read, { kind: 'call' }>[] =>
  read.filter((one) => one.kind === 'call')

export const resultsIn = (read: readonly Read[]): readonly Extract<Read, { kind: 'result' }>[] =>
  read.filter((one) => one.kind === 'result')

/** All text of one role, or of all. */
export const textIn = (read: readonly Read[], role?: string): string =>
  read
    .flatMap((one) => (one.kind === 'text' && (role === undefined || one.role === role) ? [one.text] : []))
    .join('|')

/** The states of models, in their order. */
export const statesIn = (read: readonly Read[]): readonly string[] =>
  read.flatMap((one) => (one.kind === 'thoughts' && one.state !== '' ? [one.state] : []))

/** The tools' definitions, by name as they are called. */
export const toolsIn = (upstream: Client, body: string): ReadonlyMap<unknown, unknown> => {
  const tools = list(member(JSON.parse(body), 'tools'))
  const named =
    upstream === 'gemini' ? tools.flatMap((tool) => list(member(tool, 'functionDeclarations'))) : tools
  return new Map(
    named.map((tool) => [
      member(tool, 'name') ?? member(tool, 'function', 'name') ?? member(tool, 'type'),
      tool,
    ]),
  )
}

/** The JSON Schema of a tool's arguments, wherever its protocol keeps it. */
export const schemaOf = (tool: unknown): unknown =>
  member(tool, 'input_schema') ??
  member(tool, 'function', 'parameters') ??
  member(tool, 'parametersJsonSchema') ??
  member(tool, 'parameters')

const texts = (role: unknown, content: unknown): readonly Read[] =>
  typeof content === 'string'
    ? [{ kind: 'text', role, text: content }]
    : list(content).map((part) =>
        typeof member(part, 'text') === 'string'
          ? { kind: 'text', role, text: words(member(part, 'text')) }
          : { kind: 'other', type: words(member(part, 'type')), value: part },
      )

const readers: Readonly<Record<Client, (body: unknown, source: Source) => readonly Read[]>> = {
  'anthropic-messages': (body, source) => [
    ...texts('system', member(body, 'system')),
    ...list(member(body, 'messages')).flatMap((message) => {
      const role = member(message, 'role')
      const content = member(message, 'content')
      if (typeof content === 'string') return texts(role, content)
      return list(content).flatMap((block): readonly Read[] => {
        switch (member(block, 'type')) {
          case 'thinking':
            return [
              {
                kind: 'thoughts',
                text: words(member(block, 'thinking')),
                state: words(member(block, 'signature')),
              },
            ]
          case 'redacted_thinking':
            return [{ kind: 'thoughts', text: '', state: words(member(block, 'data')) }]
          case 'tool_use':
            return [
              {
                kind: 'call',
                id: member(block, 'id'),
                name: member(block, 'name'),
                input: source(member(block, 'input')),
              },
            ]
          case 'tool_result':
            return [
              {
                kind: 'result',
                id: member(block, 'tool_use_id'),
                output: plainOutput(member(block, 'content')),
                isError: member(block, 'is_error') === true,
              },
            ]
          default:
            return texts(role, [block])
        }
      })
    }),
  ],
  'openai-chat': (body) =>
    list(member(body, 'messages')).flatMap((message): readonly Read[] => {
      const role = member(message, 'role')
      if (role === 'tool') {
        return [
          {
            kind: 'result',
            id: member(message, 'tool_call_id'),
            output: plainOutput(member(message, 'content')),
            isError: false,
          },
        ]
      }
      const thoughts = words(member(message, 'reasoning_content'))
      return [
        ...(thoughts === '' ? [] : [{ kind: 'thoughts' as const, text: thoughts, state: '' }]),
        ...texts(role, member(message, 'content')),
        ...list(member(message, 'tool_calls')).map((call) => ({
          kind: 'call' as const,
          id: member(call, 'id'),
          name: member(call, 'function', 'name'),
          input: words(member(call, 'function', 'arguments')),
        })),
      ]
    }),
  'openai-responses': (body) => [
    ...texts('system', member(body, 'instructions')),
    ...list(member(body, 'input')).flatMap((item): readonly Read[] => {
      switch (member(item, 'type')) {
        case 'reasoning':
          return [
            {
              kind: 'thoughts',
              text: list(member(item, 'summary'))
                .map((piece) => words(member(piece, 'text')))
                .join('\n\n'),
              state: words(member(item, 'encrypted_content')),
            },
          ]
        case 'function_call':
          return [
            {
              kind: 'call',
              id: member(item, 'call_id'),
              name: member(item, 'name'),
              input: words(member(item, 'arguments')),
            },
          ]
        case 'function_call_output':
          return [
            {
              kind: 'result',
              id: member(item, 'call_id'),
              output: plainOutput(member(item, 'output')),
              isError: false,
            },
          ]
        default:
          return member(item, 'content') === undefined
            ? [{ kind: 'other', type: words(member(item, 'type')), value: item }]
            : texts(member(item, 'role'), member(item, 'content'))
      }
    }),
  ],
  gemini: (body, source) => [
    ...texts('system', member(body, 'systemInstruction', 'parts')),
    ...list(member(body, 'contents')).flatMap((content) =>
      list(member(content, 'parts')).flatMap((part): readonly Read[] => {
        const called = member(part, 'functionCall')
        const answered = member(part, 'functionResponse')
        const state = words(member(part, 'thoughtSignature'))
        const signed: readonly Read[] = state === '' ? [] : [{ kind: 'thoughts', text: '', state }]
        if (isJsonObject(called)) {
          return [
            ...signed,
            { kind: 'call', id: called['id'], name: called['name'], input: source(called['args']) },
          ]
        }
        if (isJsonObject(answered)) {
          const response = answered['response']
          return [
            {
              kind: 'result',
              id: answered['id'],
              output: member(response, 'output') ?? member(response, 'error') ?? response,
              isError: member(response, 'error') !== undefined,
            },
          ]
        }
        if (member(part, 'thought') === true)
          return [...signed, { kind: 'thoughts', text: words(member(part, 'text')), state: '' }]
        return [
          ...signed,
          ...texts(member(content, 'role') === 'model' ? 'assistant' : member(content, 'role'), [part]),
        ]
      }),
    ),
  ],
}

/** A result of nothing but text as that text, whether it is said as a string or as a list. */
const plainOutput = (content: unknown): unknown => {
  if (!Array.isArray(content)) return content
  return content.every((part) => typeof member(part, 'text') === 'string')
    ? content.map((part) => words(member(part, 'text'))).join('')
    : content
}
