/** A short stream for every stop reason of every protocol: few of them occur in recordings. */
import type { FinishReason } from '../../src/ir/index.ts'
import { type Client, frameOf, type StreamCase } from '../translation/cases.ts'
import { answerFixtures } from '../translation/fixtures/answers.ts'

/** The provider's word, and what it means. */
export interface StopStream extends StreamCase {
  readonly means: FinishReason
}

const meanings: Readonly<Record<Client, Readonly<Record<string, FinishReason>>>> = {
  'openai-chat': {
    stop: 'end',
    length: 'length',
    content_filter: 'filtered-output',
    tool_calls: 'tool-calls',
    function_call: 'tool-calls',
    error: 'failed',
    a_word_of_tomorrow: 'other',
  },
  'openai-responses': {
    completed: 'end',
    max_output_tokens: 'length',
    content_filter: 'filtered-output',
    steered: 'steered',
    max_messages: 'steered',
    a_word_of_tomorrow: 'other',
  },
  'anthropic-messages': {
    end_turn: 'end',
    stop_sequence: 'stop-sequence',
    tool_use: 'tool-calls',
    max_tokens: 'length',
    model_context_window_exceeded: 'context',
    pause_turn: 'pause',
    compaction: 'compacted',
    refusal: 'refusal',
    a_word_of_tomorrow: 'other',
  },
  gemini: {
    STOP: 'end',
    MAX_TOKENS: 'length',
    CONTINUATION: 'pause',
    SAFETY: 'filtered-output',
    RECITATION: 'filtered-output',
    BLOCKLIST: 'filtered-output',
    PROHIBITED_CONTENT: 'filtered-output',
    SPII: 'filtered-output',
    LANGUAGE: 'filtered-output',
    IMAGE_SAFETY: 'filtered-output',
    MODEL_ARMOR: 'filtered-output',
    MALFORMED_FUNCTION_CALL: 'malformed-call',
    UNEXPECTED_TOOL_CALL: 'malformed-call',
    TOO_MANY_TOOL_CALLS: 'malformed-call',
    NO_IMAGE: 'no-image',
    IMAGE_OTHER: 'no-image',
    OTHER: 'other',
    A_WORD_OF_TOMORROW: 'other',
    promptFeedback: 'filtered-input',
  },
}

/** The events of an answer of one word that ends so. */
const eventsOf = (upstream: Client, word: string): readonly (object | string)[] => {
  const events = new Map(answerFixtures).get(upstream)?.streams['text'] ?? []
  const replaced = (from: string, to: string): readonly (object | string)[] =>
    events.map((event) =>
      typeof event === 'string' ? event : JSON.parse(JSON.stringify(event).replace(from, () => to)),
    )
  switch (upstream) {
    case 'openai-chat':
      return replaced('"finish_reason":"stop"', `"finish_reason":"${word}"`)
    case 'anthropic-messages':
      return replaced('"stop_reason":"end_turn"', `"stop_reason":"${word}"`)
    case 'openai-responses':
      return word === 'completed' ? events : [...events.slice(0, -1), incomplete(events.at(-1), word)]
    case 'gemini':
      return word === 'promptFeedback'
        ? [{ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 7 } }]
        : replaced('"finishReason":"STOP"', `"finishReason":"${word}"`)
  }
}

const incomplete = (completed: object | string | undefined, reason: string): object => {
  const event: { readonly response: object } = JSON.parse(JSON.stringify(completed))
  const response = { ...event.response, status: 'incomplete', incomplete_details: { reason } }
  return { ...event, type: 'response.incomplete', response }
}

export const stopStreams: readonly StopStream[] = Object.entries(meanings).flatMap(([protocol, reasons]) =>
  Object.entries(reasons).map(([word, means]): StopStream => {
    const upstream = protocol as Client
    const frames = eventsOf(upstream, word).map((event) => frameOf(upstream, event))
    return { name: `stop ${word}`, upstream, frames, means }
  }),
)
