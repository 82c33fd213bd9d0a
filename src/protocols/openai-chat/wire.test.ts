import { expect, test } from 'bun:test'
import type OpenAI from 'openai'
import type * as wire from './wire.ts'
import type { ChatMessage, ChatUsage } from './wire.ts'

type Completions = typeof OpenAI.Chat.Completions
type Chunk = OpenAI.Chat.ChatCompletionChunk
type Completion = OpenAI.Chat.ChatCompletion

/** Official interfaces have mutable lists and closed enum words; ours are compared with both relaxed. */
type Relaxed<T> = T extends string
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Relaxed<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Relaxed<T[Key]> }
      : T

type Fits<Ours, Official> = Relaxed<Ours> extends Relaxed<Official> ? true : false
type FreeObject = { [key: string]: unknown }

/** What our encoders write is what the official client declares; dialects' members come on top. */
const checks: {
  readonly finish: Fits<wire.ChatFinishReason, Completion['choices'][number]['finish_reason']>
  readonly annotation: Fits<wire.ChatAnnotation, OpenAI.Chat.ChatCompletionMessage.Annotation>
  readonly call: Fits<wire.ChatToolCall, OpenAI.Chat.ChatCompletionMessageToolCall>
  readonly callDelta: Fits<wire.ChatToolCallDelta, OpenAI.Chat.ChatCompletionChunk.Choice.Delta.ToolCall>
  readonly delta: Fits<
    Omit<wire.ChatDelta, 'audio' | 'function_call'>,
    OpenAI.Chat.ChatCompletionChunk.Choice.Delta
  >
  readonly chunk: Fits<Pick<wire.ChatChunk, 'id' | 'object' | 'created' | 'model'>, Omit<Chunk, 'choices'>>
  readonly tool: Fits<
    Extract<wire.ChatTool<FreeObject>, { type: 'function' }>,
    OpenAI.Chat.ChatCompletionTool
  >
  readonly toolChoice: Fits<wire.ChatToolName, OpenAI.Chat.ChatCompletionToolChoiceOption>
  readonly format: Fits<
    wire.ChatResponseFormat<FreeObject>,
    NonNullable<OpenAI.Chat.ChatCompletionCreateParams['response_format']>
  >
  readonly system: Fits<
    Extract<ChatMessage<never>, { role: 'system' | 'developer' }> & { content: string },
    OpenAI.Chat.ChatCompletionSystemMessageParam | OpenAI.Chat.ChatCompletionDeveloperMessageParam
  >
  readonly tool_message: Fits<
    wire.ChatToolMessage<never> & { content: string },
    OpenAI.Chat.ChatCompletionToolMessageParam
  >
  readonly usage: Fits<Required<ChatUsage>, OpenAI.CompletionUsage>
  readonly model: Fits<wire.ModelObject, OpenAI.Model>
} = {
  finish: true,
  annotation: true,
  call: true,
  callDelta: true,
  delta: true,
  chunk: true,
  tool: true,
  toolChoice: true,
  format: true,
  system: true,
  tool_message: true,
  usage: true,
  model: true,
}

/** Every member that the official client can send has a place in the request type, or is named here as carried. */
type Carried =
  | 'audio'
  | 'modalities'
  | 'moderation'
  | 'prediction'
  | 'prompt_cache_options'
  | 'prompt_cache_retention'
type Unknown = Exclude<keyof OpenAI.Chat.ChatCompletionCreateParams, keyof wire.ChatRequest | Carried>
const noneUnknown: [Unknown] extends [never] ? true : Unknown = true

test('what the encoders write has the types of the official client', () => {
  expect(Object.values(checks).every(Boolean)).toBe(true)
  expect(noneUnknown).toBe(true)
  expect<Completions | undefined>(undefined).toBeUndefined()
})
