/**
 * What a client's SDK has to make of an answer: the canonical answer in the words of the client's protocol, by the
 * tables of stop reasons and usage that `docs/translation.md` is made of. Written from the tables, not from the codecs.
 */
import type { Choice, FinishReason, GenerateResponse, Part, ToolCallPart, Usage } from '../../src/ir/index.ts'
import type { Client } from '../translation/cases.ts'

export interface ToldCall {
  readonly name: string
  /** Source text of the arguments; Gemini's as `JSON.stringify` writes them, because its SDK keeps no text. */
  readonly input: string
  /** The arguments as Anthropic's SDK parsed them beside their text. */
  readonly parsed?: unknown
}

/** The first choice of an answer, in the client's words. */
export interface Told {
  /** Text and words of refusal, in one. */
  readonly text: string
  readonly calls: readonly ToldCall[]
  readonly finish: string
  /** Counters as the client's protocol means them; null and undefined are the same. */
  readonly usage: Readonly<Record<string, number | null | undefined>>
  /** Gemini's chats drop a turn whose stream they take for invalid. */
  readonly isForgotten?: boolean
}

/** What a client is to be told of an answer that is complete; undefined where it is to be told of a failure. */
export const toBeTold = (client: Client, { choices, usage }: GenerateResponse): Told | undefined => {
  const choice = choices[0] ?? { index: 0, parts: [] }
  const reason = effectiveReason(choice)
  if (isFailure(reason) && client !== 'openai-responses') return undefined
  const said = choice.parts
    .map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : ''))
    .join('')
  const isSilentRefusal = reason === 'refusal' && said === ''
  const hasRefusal = choice.parts.some(({ type }) => type === 'refusal')
  return {
    text: isSilentRefusal && isOpenai(client) ? (choice.finish?.message ?? refused) : said,
    calls: choice.parts.filter(isCall).map((call) => callTold[client](call)),
    finish:
      reason === 'refusal' && (hasRefusal || (isSilentRefusal && client === 'openai-responses'))
        ? (refusalInWords[client] ?? words[client].refusal)
        : words[client][reason],
    usage: usage === undefined && client === 'openai-responses' ? {} : usageTold[client](usage ?? {}),
  }
}

/** Where a helper's answer is another than the one that it should have made; empty where it is the same. */
export const toldDifferently = (wanted: Told, told: Told): readonly string[] => {
  const calls = told.calls.map(({ parsed, ...call }, index) =>
    wanted.calls[index]?.parsed === undefined ? call : { ...call, parsed },
  )
  const found = plain({ ...told, calls })
  return Object.entries({ isForgotten: undefined, ...plain(wanted) }).flatMap(([key, value]) =>
    Bun.deepEquals(found[key], value)
      ? []
      : [`${key} is ${JSON.stringify(found[key])} instead of ${JSON.stringify(value)}`],
  )
}

const plain = (told: Told): Readonly<Record<string, unknown>> =>
  JSON.parse(JSON.stringify(told, (_key, value) => value ?? undefined))

const refused = 'The request was refused.'

/** Responses has a status for an answer that failed, which its SDK hands on; the others have an error only. */
const isFailure = (reason: FinishReason): boolean => reason === 'failed' || reason === 'malformed-call'

const isOpenai = (client: Client): boolean => client === 'openai-chat' || client === 'openai-responses'

const isCall = (part: Part): part is ToolCallPart => part.type === 'tool-call'

/**
 * A call that the client has to answer wins over a plain end, and nothing is a call without one: what only Responses'
 * clients can run (a patch, a local shell) is no call for others.
 */
const effectiveReason = ({ parts, finish }: Choice): FinishReason => {
  const reason = finish?.reason ?? 'end'
  const hasCall = parts.some(isCall)
  if (reason === 'tool-calls' && !hasCall) return 'end'
  return reason === 'end' && hasCall ? 'tool-calls' : reason
}

type Words = Readonly<Record<FinishReason, string>>

const words: Readonly<Record<Client, Words>> = {
  'openai-chat': {
    end: 'stop',
    'stop-sequence': 'stop',
    'tool-calls': 'tool_calls',
    length: 'length',
    context: 'length',
    pause: 'stop',
    compacted: 'stop',
    refusal: 'content_filter',
    'filtered-output': 'content_filter',
    'filtered-input': 'content_filter',
    'no-image': 'stop',
    steered: 'stop',
    other: 'stop',
    'malformed-call': 'error',
    failed: 'error',
  },
  'openai-responses': {
    end: 'completed',
    'stop-sequence': 'completed',
    'tool-calls': 'completed',
    length: 'incomplete: max_output_tokens',
    context: 'incomplete: max_output_tokens',
    pause: 'completed',
    compacted: 'completed',
    refusal: 'incomplete: content_filter',
    'filtered-output': 'incomplete: content_filter',
    'filtered-input': 'incomplete: content_filter',
    'no-image': 'completed',
    steered: 'incomplete: steered',
    other: 'completed',
    'malformed-call': 'failed',
    failed: 'failed',
  },
  'anthropic-messages': {
    end: 'end_turn',
    'stop-sequence': 'stop_sequence',
    'tool-calls': 'tool_use',
    length: 'max_tokens',
    context: 'model_context_window_exceeded',
    pause: 'pause_turn',
    compacted: 'end_turn',
    refusal: 'refusal',
    'filtered-output': 'refusal',
    'filtered-input': 'refusal',
    'no-image': 'end_turn',
    steered: 'end_turn',
    other: 'end_turn',
    'malformed-call': 'error',
    failed: 'error',
  },
  gemini: {
    end: 'STOP',
    'stop-sequence': 'STOP',
    'tool-calls': 'STOP',
    length: 'MAX_TOKENS',
    context: 'MAX_TOKENS',
    pause: 'STOP',
    compacted: 'STOP',
    refusal: 'SAFETY',
    'filtered-output': 'SAFETY',
    'filtered-input': 'blocked: OTHER',
    'no-image': 'NO_IMAGE',
    steered: 'OTHER',
    other: 'OTHER',
    'malformed-call': 'error',
    failed: 'error',
  },
}

/** OpenAI's protocols say a refusal in a place of its own, and then end as usual. */
const refusalInWords: Readonly<Partial<Record<Client, string>>> = {
  'openai-chat': 'stop',
  'openai-responses': 'completed',
}

const objectIn = (input: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(input === '' ? '{}' : input)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A tool in a namespace has both names for clients that know no namespaces. */
const nameOf = ({ namespace, name }: ToolCallPart): string =>
  namespace === undefined ? name : `${namespace}__${name}`

/** No arguments are an empty object; a free text is the one argument where tools take objects only. */
const inputOf = ({ kind, input }: ToolCallPart): string =>
  kind === 'custom' ? JSON.stringify({ input }) : input === '' ? '{}' : input

const openaiInputOf = (call: ToolCallPart): string => (call.kind === 'custom' ? call.input : inputOf(call))

const callTold: Readonly<Record<Client, (call: ToolCallPart) => ToldCall>> = {
  'openai-chat': (call) => ({ name: nameOf(call), input: openaiInputOf(call) }),
  'openai-responses': (call) => ({ name: call.name, input: openaiInputOf(call) }),
  'anthropic-messages': (call) => ({
    name: nameOf(call),
    input: inputOf(call),
    parsed: objectIn(inputOf(call)),
  }),
  gemini: (call) => ({
    name: nameOf(call),
    input: JSON.stringify(objectIn(inputOf(call)) ?? { INVALID_JSON: call.input }),
  }),
}

const sum = (left: number | undefined, right: number | undefined): number | undefined =>
  left === undefined && right === undefined ? undefined : (left ?? 0) + (right ?? 0)

const less = (total: number | undefined, share: number | undefined): number | undefined =>
  total === undefined ? undefined : total - (share ?? 0)

const totalOf = ({ inputTokens, outputTokens }: Usage): number | undefined =>
  inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens

const writtenOf = ({ cacheWriteTokens, cacheWriteLongTokens }: Usage): number | undefined =>
  sum(cacheWriteTokens, cacheWriteLongTokens)

const usageTold: Readonly<Record<Client, (usage: Usage) => Told['usage']>> = {
  'openai-chat': (usage) => ({
    input: usage.inputTokens,
    output: usage.outputTokens,
    total: totalOf(usage),
    cacheRead: usage.cacheReadTokens,
    cacheWrite: writtenOf(usage),
    reasoning: usage.reasoningTokens,
  }),
  // The type demands every counter.
  'openai-responses': (usage) => ({
    input: usage.inputTokens ?? 0,
    output: usage.outputTokens ?? 0,
    total: sum(usage.inputTokens, usage.outputTokens) ?? 0,
    cacheRead: usage.cacheReadTokens ?? 0,
    cacheWrite: writtenOf(usage) ?? 0,
    reasoning: usage.reasoningTokens ?? 0,
  }),
  // What the cache gave and took is counted apart from the input.
  'anthropic-messages': (usage) => ({
    input: Math.max(0, less(usage.inputTokens, sum(usage.cacheReadTokens, writtenOf(usage))) ?? 0),
    output: usage.outputTokens ?? 0,
    cacheRead: usage.cacheReadTokens,
    cacheWrite: writtenOf(usage),
    reasoning: usage.reasoningTokens,
  }),
  // Tool prompts are counted apart from the prompt, thoughts apart from the answer.
  gemini: (usage) => ({
    input: less(usage.inputTokens, usage.toolPromptTokens),
    toolPrompt: usage.toolPromptTokens,
    output: less(usage.outputTokens, usage.reasoningTokens),
    total: totalOf(usage),
    cacheRead: usage.cacheReadTokens,
    reasoning: usage.reasoningTokens,
  }),
}
