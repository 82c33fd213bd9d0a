/** What an agent sends next: its question, the answer that it got, and what its tools said, in its own protocol. */
import { isJsonObject } from '../../src/ir/index.ts'
import { parseDocument, rawJson, writeJson } from '../../src/wire/index.ts'
import type { Client } from './cases.ts'

interface Answer {
  member(...path: readonly (string | number)[]): unknown
  /** A value as its bytes say it: numbers and escapes of arguments stay as they are. */
  verbatim(value: unknown): unknown
}

/** @param question what was asked, as a body; its history goes on */
export const historyWith = (client: Client, question: string, answerBody: string): string => {
  const asked: unknown = JSON.parse(question)
  if (!isJsonObject(asked)) throw new TypeError('a question is an object')
  return writeJson({ ...asked, ...turns[client](asked, answerOf(answerBody)) })
}

const answerOf = (body: string): Answer => {
  const document = parseDocument(body)
  return {
    member: (...path) => memberOf(document.value, ...path),
    verbatim: (value) => (value === undefined ? undefined : rawJson(document.source(value))),
  }
}

const memberOf = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)]
    return isJsonObject(inner) ? inner[key] : undefined
  }, value)

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const seen = 'seen'

const turns: Readonly<Record<Client, (asked: object, answer: Answer) => object>> = {
  'openai-chat': (asked, answer) => {
    const message = answer.member('choices', 0, 'message')
    const ids = list(memberOf(message, 'tool_calls')).map((call) => memberOf(call, 'id'))
    return {
      messages: [
        ...list(memberOf(asked, 'messages')),
        answer.verbatim(message),
        ...ids.map((id) => ({ role: 'tool', tool_call_id: id, content: seen })),
        ...(ids.length === 0 ? [{ role: 'user', content: 'go on' }] : []),
      ],
    }
  },
  'openai-responses': (_asked, answer) => {
    const output = list(answer.member('output'))
    const results = output.flatMap((item) => {
      const id = memberOf(item, 'call_id')
      if (memberOf(item, 'type') === 'function_call')
        return [{ type: 'function_call_output', call_id: id, output: seen }]
      return memberOf(item, 'type') === 'custom_tool_call'
        ? [{ type: 'custom_tool_call_output', call_id: id, output: seen }]
        : []
    })
    return {
      input: [
        { role: 'user', content: 'Hi' },
        ...output.map((item) => answer.verbatim(item)),
        ...results,
        ...(results.length === 0 ? [{ role: 'user', content: 'go on' }] : []),
      ],
    }
  },
  'anthropic-messages': (asked, answer) => {
    const content = answer.member('content')
    const ids = list(content).flatMap((block) =>
      memberOf(block, 'type') === 'tool_use' ? [memberOf(block, 'id')] : [],
    )
    return {
      messages: [
        ...list(memberOf(asked, 'messages')),
        { role: 'assistant', content: answer.verbatim(content) },
        {
          role: 'user',
          content:
            ids.length === 0
              ? 'go on'
              : ids.map((id) => ({ type: 'tool_result', tool_use_id: id, content: seen })),
        },
      ],
    }
  },
  gemini: (asked, answer) => {
    const content = answer.member('candidates', 0, 'content')
    const parts = list(memberOf(content, 'parts'))
    const results = parts.map((part) => memberOf(part, 'functionResponse')).filter(isJsonObject)
    const calls = parts
      .map((part) => memberOf(part, 'functionCall'))
      .filter(isJsonObject)
      // What ran at the provider has its result beside it.
      .filter(({ id }) => id === undefined || !results.some((result) => result['id'] === id))
    return {
      contents: [
        ...list(memberOf(asked, 'contents')),
        answer.verbatim(content),
        {
          role: 'user',
          parts:
            calls.length === 0
              ? [{ text: 'go on' }]
              : calls.map((call) => ({
                  functionResponse: {
                    id: call['id'],
                    name: call['name'],
                    response: { output: seen },
                  },
                })),
        },
      ],
    }
  },
}
