/** Answers from the cache, read by the vendors' own JavaScript SDKs: each from an entry that each other one filled. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI, Type } from '@google/genai'
import OpenAI from 'openai'
import { startGateway, type TestGateway, testKey } from '../support/gateway.ts'

setDefaultTimeout(60_000)

let gateway: TestGateway
let openai: OpenAI
let anthropic: Anthropic
let gemini: GoogleGenAI

beforeAll(async () => {
  gateway = await startGateway({ config: ['cache: { exact: on, tool_calls: true }'] })
  openai = new OpenAI({ apiKey: testKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
  anthropic = new Anthropic({ apiKey: testKey, baseURL: gateway.url, maxRetries: 0 })
  gemini = new GoogleGenAI({ apiKey: testKey, httpOptions: { baseUrl: gateway.url } })
})

afterAll(() => gateway.stop())

interface Heard {
  readonly text: string
  readonly finish: unknown
  readonly input: number | undefined
  readonly cached: number | null | undefined
  readonly calls?: readonly (readonly [name: string, input: unknown])[]
}

type Ask = (text: string, stream: boolean, withTool?: boolean) => Promise<Heard>

const system = 'be brief'
const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
}
const modelOf = (withTool: boolean): string => (withTool ? 'loopback-agent' : 'loopback')

const chat: Ask = async (text, stream, withTool = false) => {
  const body = {
    model: modelOf(withTool),
    max_tokens: 200,
    temperature: 0.5,
    messages: [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content: text },
    ],
    ...(withTool
      ? { tools: [{ type: 'function' as const, function: { name: 'weather', parameters: schema } }] }
      : {}),
  }
  const answer = stream
    ? await openai.chat.completions
        .stream({ ...body, stream_options: { include_usage: true } })
        .finalChatCompletion()
    : await openai.chat.completions.create(body)
  const [choice] = answer.choices
  return {
    text: choice?.message.content ?? '',
    finish: choice?.finish_reason,
    input: answer.usage?.prompt_tokens,
    cached: answer.usage?.prompt_tokens_details?.cached_tokens,
    calls: (choice?.message.tool_calls ?? []).flatMap((call) =>
      call.type === 'function' ? [[call.function.name, JSON.parse(call.function.arguments)] as const] : [],
    ),
  }
}

const responses: Ask = async (text, stream, withTool = false) => {
  const body = {
    model: modelOf(withTool),
    max_output_tokens: 200,
    temperature: 0.5,
    instructions: system,
    input: text,
    ...(withTool
      ? { tools: [{ type: 'function' as const, name: 'weather', parameters: schema, strict: null }] }
      : {}),
  }
  const answer = stream
    ? await openai.responses.stream(body as Parameters<typeof openai.responses.stream>[0]).finalResponse()
    : await openai.responses.create(body as OpenAI.Responses.ResponseCreateParamsNonStreaming)
  return {
    text: answer.output_text,
    finish: answer.status,
    input: answer.usage?.input_tokens,
    cached: answer.usage?.input_tokens_details.cached_tokens,
    calls: answer.output.flatMap((item) =>
      item.type === 'function_call' ? [[item.name, JSON.parse(item.arguments)] as const] : [],
    ),
  }
}

const messages: Ask = async (text, stream, withTool = false) => {
  const body = {
    model: modelOf(withTool),
    max_tokens: 200,
    temperature: 0.5,
    system,
    messages: [{ role: 'user' as const, content: text }],
    ...(withTool ? { tools: [{ name: 'weather', input_schema: schema }] } : {}),
  }
  const answer = stream
    ? await anthropic.messages.stream(body).finalMessage()
    : await anthropic.messages.create(body)
  const { usage } = answer
  return {
    text: answer.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
    finish: answer.stop_reason,
    input: usage.input_tokens + (usage.cache_read_input_tokens ?? 0),
    cached: usage.cache_read_input_tokens,
    calls: answer.content.flatMap((block) =>
      block.type === 'tool_use' ? [[block.name, block.input] as const] : [],
    ),
  }
}

const generateContent: Ask = async (text, stream, withTool = false) => {
  const body = {
    model: modelOf(withTool),
    contents: text,
    config: {
      systemInstruction: system,
      maxOutputTokens: 200,
      temperature: 0.5,
      ...(withTool
        ? {
            tools: [
              {
                functionDeclarations: [
                  {
                    name: 'weather',
                    parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } } },
                  },
                ],
              },
            ],
          }
        : {}),
    },
  }
  const pieces = stream
    ? await Array.fromAsync(await gemini.models.generateContentStream(body))
    : [await gemini.models.generateContent(body)]
  const last = pieces.at(-1)
  const calls = pieces.flatMap((piece) => piece.functionCalls ?? [])
  return {
    text: pieces
      .flatMap((piece) => piece.candidates?.[0]?.content?.parts ?? [])
      .map((part) => part.text ?? '')
      .join(''),
    finish: last?.candidates?.[0]?.finishReason,
    input: last?.usageMetadata?.promptTokenCount,
    cached: last?.usageMetadata?.cachedContentTokenCount,
    calls: calls.map(({ name, args }) => [name ?? '', args] as const),
  }
}

const clients: readonly (readonly [string, Ask, unknown, unknown])[] = [
  ['openai chat', chat, 'stop', 'tool_calls'],
  ['openai responses', responses, 'completed', 'completed'],
  ['anthropic', messages, 'end_turn', 'tool_use'],
  ['google genai', generateContent, 'STOP', 'STOP'],
]

const hits = async (): Promise<number> => ((await gateway.admin('/cache/stats')) as { hits: number }).hits

for (const [filler, fill] of clients) {
  for (const isStreamed of [false, true]) {
    test(`filled by ${filler}${isStreamed ? ', streamed' : ''}: every SDK reads it, whole and streamed`, async () => {
      const text = `hello ${filler} ${isStreamed}, süß 𝕏`
      const first = await fill(text, isStreamed)
      expect(first.text).toBe(`You said: ${text}`)
      expect(first.cached ?? 0).toBe(0)
      for (const [name, ask, finish] of clients) {
        for (const stream of [false, true]) {
          const before = await hits()
          const again = await ask(text, stream)
          expect([name, stream, (await hits()) - before]).toEqual([name, stream, 1])
          expect(again).toMatchObject({ text: first.text, finish })
          expect(again.input).toBe(first.input)
          expect(again.cached).toBe(again.input)
        }
      }
    })
  }
}

for (const [name, ask, , finish] of clients) {
  for (const isStreamed of [false, true]) {
    test(`${name}${isStreamed ? ', streamed' : ''}: a call of a tool from the cache is a call of a tool`, async () => {
      const text = `weather for ${name} ${isStreamed}`
      const first = await ask(text, isStreamed, true)
      expect(first.calls).toHaveLength(1)
      for (const stream of [false, true]) {
        const before = await hits()
        const again = await ask(text, stream, true)
        expect((await hits()) - before).toBe(1)
        expect(again).toMatchObject({ text: first.text, finish, calls: first.calls })
      }
    })
  }
}
