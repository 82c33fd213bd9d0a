/** The stream helpers of the vendors' JavaScript SDKs, and what the objects that they build say. */
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import type { Client } from '../translation/cases.ts'
import type { Told, ToldCall } from './told.ts'

/** Reads the stream that is served below `url` to its end, with its SDK's helper. Rejects where the helper does. */
export type StreamHelper = (url: string) => Promise<Told>

const apiKey = 'unused'
const model = 'model'
const content = 'Hi'

const chat: StreamHelper = async (url) => {
  const client = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
  const stream = client.chat.completions.stream({ model, messages: [{ role: 'user', content }] })
  const { choices, usage } = await stream.finalChatCompletion()
  const [choice] = choices
  return {
    text: `${choice?.message.content ?? ''}${choice?.message.refusal ?? ''}`,
    calls: (choice?.message.tool_calls ?? []).map((call): ToldCall => {
      // The helper's type knows functions only; it hands on what it got.
      const said: OpenAI.Chat.ChatCompletionMessageToolCall = call
      return said.type === 'custom'
        ? { name: said.custom.name, input: said.custom.input }
        : { name: said.function.name, input: said.function.arguments }
    }),
    finish: `${choice?.finish_reason}`,
    usage: {
      input: usage?.prompt_tokens,
      output: usage?.completion_tokens,
      total: usage?.total_tokens,
      cacheRead: usage?.prompt_tokens_details?.cached_tokens,
      cacheWrite: usage?.prompt_tokens_details?.cache_write_tokens,
      reasoning: usage?.completion_tokens_details?.reasoning_tokens,
    },
  }
}

const responses: StreamHelper = async (url) => {
  const client = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
  const final = await client.responses.stream({ model, input: content }).finalResponse()
  const { usage } = final
  const reason = final.incomplete_details?.reason
  return {
    text: final.output
      .flatMap((item) => (item.type === 'message' ? item.content : []))
      .map((part) => (part.type === 'refusal' ? part.refusal : part.text))
      .join(''),
    calls: final.output.flatMap((item): readonly ToldCall[] => {
      if (item.type === 'function_call') return [{ name: item.name, input: item.arguments }]
      return item.type === 'custom_tool_call' ? [{ name: item.name, input: item.input }] : []
    }),
    finish: reason === undefined ? `${final.status}` : `${final.status}: ${reason}`,
    usage: {
      input: usage?.input_tokens,
      output: usage?.output_tokens,
      total: usage?.total_tokens,
      cacheRead: usage?.input_tokens_details.cached_tokens,
      cacheWrite: usage?.input_tokens_details.cache_write_tokens,
      reasoning: usage?.output_tokens_details.reasoning_tokens,
    },
  }
}

const messages: StreamHelper = async (url) => {
  const client = new Anthropic({ apiKey, baseURL: url, maxRetries: 0 })
  const stream = client.messages.stream({ model, max_tokens: 9, messages: [{ role: 'user', content }] })
  const inputs = new Map<number, string>()
  stream.on('streamEvent', (event) => {
    if (event.type !== 'content_block_delta' || event.delta.type !== 'input_json_delta') return
    inputs.set(event.index, (inputs.get(event.index) ?? '') + event.delta.partial_json)
  })
  const final = await stream.finalMessage()
  return {
    text: final.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: final.content.flatMap((block, index): readonly ToldCall[] =>
      block.type === 'tool_use'
        ? [{ name: block.name, input: inputs.get(index) || '{}', parsed: block.input }]
        : [],
    ),
    finish: `${final.stop_reason}`,
    usage: {
      input: final.usage.input_tokens,
      output: final.usage.output_tokens,
      cacheRead: final.usage.cache_read_input_tokens,
      cacheWrite: final.usage.cache_creation_input_tokens,
      reasoning: final.usage.output_tokens_details?.thinking_tokens,
    },
  }
}

const gemini: StreamHelper = async (url) => {
  const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } })
  // A chat reads with `generateContentStream`, and then forgets a turn that it takes for broken.
  const conversation = client.chats.create({ model })
  const chunks = await Array.fromAsync(await conversation.sendMessageStream({ message: content }))
  const candidates = chunks.flatMap((chunk) => chunk.candidates ?? []).filter(({ index = 0 }) => index === 0)
  const parts = candidates.flatMap((candidate) => candidate.content?.parts ?? [])
  // Calls that the same turn answers ran at the provider.
  const answered = new Set(parts.map(({ functionResponse }) => functionResponse?.id))
  const blocked = chunks.findLast((chunk) => chunk.promptFeedback !== undefined)?.promptFeedback
  const finish = candidates.findLast((candidate) => candidate.finishReason !== undefined)?.finishReason
  const usage = chunks.findLast((chunk) => chunk.usageMetadata !== undefined)?.usageMetadata
  const isKept = conversation.getHistory(true).some(({ role }) => role === 'model')
  return {
    text: parts.map((part) => (part.thought === true ? '' : (part.text ?? ''))).join(''),
    calls: parts.flatMap(({ functionCall: call }): readonly ToldCall[] =>
      call === undefined || (call.id !== undefined && answered.has(call.id))
        ? []
        : [{ name: `${call.name}`, input: JSON.stringify(call.args ?? {}) }],
    ),
    finish: blocked === undefined ? `${finish}` : `blocked: ${blocked.blockReason}`,
    usage: {
      input: usage?.promptTokenCount,
      toolPrompt: usage?.toolUsePromptTokenCount,
      output: usage?.candidatesTokenCount,
      total: usage?.totalTokenCount,
      cacheRead: usage?.cachedContentTokenCount,
      reasoning: usage?.thoughtsTokenCount,
    },
    ...(isKept || blocked !== undefined ? {} : { isForgotten: true }),
  }
}

export const streamHelpers: Readonly<Record<Client, StreamHelper>> = {
  'openai-chat': chat,
  'openai-responses': responses,
  'anthropic-messages': messages,
  gemini,
}
