/** One pair of protocols: a client's request on its way to a provider, and the provider's answer on its way back. */
import { createSecretKey } from 'node:crypto'
import { createCatalog } from '../../src/catalog/index.ts'
import type {
  Capabilities,
  GenerateRequest,
  GenerateResponse,
  StreamEvent,
  Warning,
} from '../../src/ir/index.ts'
import {
  type GenerateCodec,
  protocols,
  type ReplyContext,
  type WireRequest,
} from '../../src/protocols/index.ts'
import { createStateKeys } from '../../src/sessions/index.ts'
import {
  createLosses,
  createPasses,
  type TranslatedRequest,
  type TranslationTarget,
  translateAnswer,
  translateRequest,
  translateStream,
} from '../../src/translation/index.ts'
import { type SseFrame, sseDecoder } from '../../src/wire/index.ts'
import { bytesOf, type Client, requestWire } from './cases.ts'

const catalog = createCatalog({ overrides: [] })
const passes = createPasses(createStateKeys(() => createSecretKey(new Uint8Array(32))))

/** The model that stands for each protocol: what it does not take is lost on the way to it. */
const models: Readonly<Record<Client, readonly [provider: string, model: string]>> = {
  'openai-chat': ['openai', 'gpt-5.1'],
  'openai-responses': ['openai', 'gpt-5.1'],
  'anthropic-messages': ['anthropic', 'claude-sonnet-4-5'],
  gemini: ['google', 'gemini-3-pro-preview'],
}

export const codecOf = (protocol: Client): GenerateCodec => {
  const codec = protocols[protocol].generate
  if (codec === undefined) throw new Error(`${protocol} generates nothing`)
  return codec
}

export const targetOf = (protocol: Client, more: Partial<Capabilities> = {}): TranslationTarget => {
  const [provider, model] = models[protocol]
  const capabilities = { ...catalog.capabilities(provider, protocol, model), ...more }
  return { protocol, provider, credential: 'credential', model, capabilities }
}

export interface SendOptions {
  readonly target?: TranslationTarget
  readonly strict?: boolean
}

export interface Sent extends TranslatedRequest {
  readonly warnings: readonly Warning[]
}

/**
 * The request of a client as it goes to a provider.
 * @throws GatewayError `gateway_translation_unsupported` for what must not be lost
 */
export const send = (
  asked: GenerateRequest,
  client: Client,
  upstream: Client,
  options: SendOptions = {},
): Sent => {
  const target = options.target ?? targetOf(upstream)
  const losses = createLosses({
    target: target.provider,
    fieldPath: codecOf(client).fieldPath,
    strict: options.strict ?? false,
  })
  const translation = translateRequest(asked, {
    upstream: codecOf(upstream),
    organisation: 'tests',
    target,
    passes,
    losses,
  })
  return { ...translation, warnings: losses.list }
}

export const read = (client: Client, wire: WireRequest): GenerateRequest =>
  codecOf(client).decodeRequest(wire, { locations: true })

export const replyOf = (asked: GenerateRequest, headers = new Headers()): ReplyContext => ({
  request: asked,
  headers,
  id: 'exchange',
  now: 1_795_000_000,
})

const media = { images: true, imageUrls: true, pdf: true, audio: true, video: true }

/** A model that takes all that its protocol has a word for: what is lost on the way to it, the protocols lose. */
export const generousTarget = (protocol: Client): TranslationTarget => {
  const { capabilities, ...target } = targetOf(protocol)
  return {
    ...target,
    capabilities: {
      ...capabilities,
      maxOutputTokens: 1_000_000,
      sampling: 'free',
      reasoning: { ...generousReasoning[protocol], canDisable: true, readable: true, onByDefault: false },
      temperatureOrTopP: false,
      prefill: true,
      midSystem: protocol === 'anthropic-messages',
      forcedToolWithReasoning: true,
      forcedTools: true,
      strictTools: true,
      jsonSchema: true,
      jsonSchemaWithTools: true,
      serverToolsWithFunctions: true,
      customTools: protocol === 'openai-chat' || protocol === 'openai-responses',
      input: protocol === 'anthropic-messages' ? { ...media, audio: false, video: false } : media,
      toolResults: protocol === 'openai-chat' ? capabilities.toolResults : media,
      callIds: true,
      developerRole: true,
      stopSequences: 64,
      candidates: 8,
      logprobs: true,
      seed: true,
      penalties: true,
      cache: cacheOf[protocol],
      cacheKey: true,
      verbosity: true,
    },
  }
}

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

const generousReasoning = {
  'openai-chat': { control: 'effort', efforts },
  'openai-responses': { control: 'effort', efforts },
  'anthropic-messages': { control: 'adaptive', efforts: ['low', 'medium', 'high', 'xhigh', 'max'] },
  gemini: { control: 'level', efforts: ['minimal', 'low', 'medium', 'high'] },
} as const

const cacheOf = {
  'openai-chat': 'breakpoints',
  'openai-responses': 'breakpoints',
  'anthropic-messages': 'marks',
  gemini: 'implicit',
} as const

/** What is known of a tool whose calls a client gets. */
const anything = { type: 'object', properties: {} }

const questions: Readonly<Record<Client, (tools: readonly string[]) => object>> = {
  'openai-chat': (tools) => ({
    model: 'model',
    messages: [{ role: 'user', content: 'Hi' }],
    stream_options: { include_usage: true },
    reasoning_effort: 'high',
    ...some(tools.map((name) => ({ type: 'function', function: { name, parameters: anything } }))),
  }),
  'openai-responses': (tools) => ({
    model: 'model',
    input: 'Hi',
    store: false,
    reasoning: { effort: 'high', summary: 'auto' },
    ...some(tools.map((name) => ({ type: 'function', name, parameters: anything, strict: false }))),
  }),
  'anthropic-messages': (tools) => ({
    model: 'model',
    max_tokens: 60_000,
    messages: [{ role: 'user', content: 'Hi' }],
    thinking: { type: 'adaptive' },
    ...some(tools.map((name) => ({ name, input_schema: anything }))),
  }),
  gemini: (tools) => ({
    contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
    generationConfig: { thinkingConfig: { includeThoughts: true } },
    ...some(
      [{ functionDeclarations: tools.map((name) => ({ name, parametersJsonSchema: anything })) }],
      tools,
    ),
  }),
}

const some = (tools: readonly object[], names: readonly unknown[] = tools): object =>
  names.length === 0 ? {} : { tools }

/** What a client asked whose answer may call these tools: it wants to see everything that there is. */
export const questionOf = (client: Client, tools: readonly string[]): string =>
  JSON.stringify(questions[client](tools))

export interface Asked extends Sent {
  readonly reply: ReplyContext
}

const known = new Map<string, Asked>()

/** A question on its way, so that answers can come back. */
export const ask = (client: Client, upstream: Client, tools: readonly string[]): Asked => {
  const key = JSON.stringify([client, upstream, tools])
  const asked = known.get(key) ?? newlyAsked(client, upstream, tools)
  known.set(key, asked)
  return asked
}

const newlyAsked = (client: Client, upstream: Client, tools: readonly string[]): Asked => {
  const wire = requestWire(client, questionOf(client, tools))
  const asked = read(client, wire)
  return {
    ...send(asked, client, upstream, { target: generousTarget(upstream) }),
    reply: replyOf(asked, wire.headers),
  }
}

export interface Answered {
  readonly body: string
  readonly warnings: readonly Warning[]
}

/** A provider's whole answer as the client gets it. */
export const answer = (response: GenerateResponse, client: Client, asked: Asked): Answered =>
  codecOf(client).encodeResponse(translateAnswer(response, asked), asked.reply)

export interface Streamed {
  readonly frames: readonly SseFrame[]
  readonly bytes: string
  readonly violations: ReadonlySet<string>
  /** The provider's own end of the answer was seen. */
  readonly hasEnded: boolean
}

/** A provider's stream as the client gets it; one that breaks off is told as a failure. */
export const stream = (
  frames: readonly SseFrame[],
  client: Client,
  upstream: Client,
  asked: Asked,
): Streamed => {
  const translator = translateStream({
    upstream: codecOf(upstream),
    client: codecOf(client),
    translation: asked,
    reply: asked.reply,
    framing: 'sse',
    conform: true,
  })
  const meter = protocols[upstream].meterStream({ framing: 'sse', hideUsage: false, conform: false })
  const said: Uint8Array[] = []
  const say = (bytes: Uint8Array | undefined): void => {
    if (bytes !== undefined) said.push(bytes)
  }
  for (const block of bytesOf(frames)) {
    meter.push(block)
    say(translator.push(block))
    say(translator.flush())
  }
  if (meter.facts().ended !== undefined) say(translator.end())
  else say(translator.fail({ kind: 'upstream', message: 'the provider broke off' }))
  const bytes = Buffer.concat(said)
  const decoder = sseDecoder()
  return {
    frames: [...decoder.push(bytes), ...decoder.end()],
    bytes: bytes.toString('utf8'),
    violations: translator.violations,
    hasEnded: translator.hasEnded,
  }
}

export const eventsOf = (protocol: Client, frames: readonly SseFrame[]): readonly StreamEvent[] => {
  const decoder = codecOf(protocol).streamDecoder()
  return [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]
}

/** The tools that an answer calls. */
export const calledTools = ({ choices }: GenerateResponse): readonly string[] => [
  ...new Set(
    choices.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'tool-call' ? [part.name] : []))),
  ),
]
