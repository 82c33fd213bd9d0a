import { createSecretKey } from 'node:crypto'
import { createCatalog } from '../../src/catalog/index.ts'
import { GatewayError } from '../../src/errors.ts'
import type { GenerateRequest, ProtocolId, Warning } from '../../src/ir/index.ts'
import { type GenerateCodec, protocols, type ReplyContext } from '../../src/protocols/index.ts'
import { createStateKeys } from '../../src/sessions/index.ts'
import {
  createLosses,
  createPasses,
  type TranslatedRequest,
  translateAnswer,
  translateRequest,
  translateStream,
} from '../../src/translation/index.ts'
import { encodeFrame, writeJson } from '../../src/wire/index.ts'

/** The model that stands for each provider's protocol in the cases. */
export const models: Readonly<Record<string, readonly [provider: string, model: string]>> = {
  'openai-chat': ['openai', 'gpt-4.1'],
  'openai-responses': ['openai', 'gpt-5.1'],
  'anthropic-messages': ['anthropic', 'claude-sonnet-4-5'],
  gemini: ['google', 'gemini-3-pro-preview'],
}

const catalog = createCatalog({ overrides: [] })
const passes = createPasses(createStateKeys(() => createSecretKey(new Uint8Array(32))))

export const codecOf = (protocol: ProtocolId): GenerateCodec => {
  const codec = protocols[protocol].generate
  if (codec === undefined) throw new Error(`${protocol} generates nothing`)
  return codec
}

const wireOf = (client: ProtocolId, body: object) => ({
  method: 'POST',
  path: client === 'gemini' ? '/v1beta/models/model:generateContent' : '/v1',
  parameters: client === 'gemini' ? { model: 'model' } : {},
  query: new URLSearchParams(),
  headers: new Headers({ 'anthropic-version': '2023-06-01' }),
  body: new TextEncoder().encode(JSON.stringify(body)),
})

const translated = (
  client: ProtocolId,
  upstream: ProtocolId,
  request: GenerateRequest,
): { readonly translation: TranslatedRequest; readonly warnings: readonly Warning[] } => {
  const [provider, model] = models[upstream] ?? ['', '']
  const warnings: Warning[] = []
  const losses = createLosses({
    target: provider,
    fieldPath: codecOf(client).fieldPath,
    strict: false,
    onLoss: (warning) => warnings.push(warning),
  })
  const translation = translateRequest(request, {
    upstream: codecOf(upstream),
    organisation: 'tests',
    target: {
      protocol: upstream,
      provider,
      credential: 'tests',
      model,
      capabilities: catalog.capabilities(provider, upstream, model),
    },
    passes,
    losses,
  })
  return { translation, warnings }
}

const pretty = (value: unknown): string => JSON.stringify(value, null, 2)

/** What a provider is sent: path and body, and what was lost; or why nothing is sent. */
export const emittedRequest = (client: ProtocolId, upstream: ProtocolId, body: object): string => {
  try {
    const request = codecOf(client).decodeRequest(wireOf(client, body), { locations: true })
    const { translation, warnings } = translated(client, upstream, request)
    const { sent } = translation
    const lost = warnings.map(
      ({ code, feature, path, reason }) => `${code}: ${feature} at ${path}: ${reason}`,
    )
    return [`POST ${sent.path}`, pretty(JSON.parse(sent.body)), ...lost].join('\n')
  } catch (error) {
    if (error instanceof GatewayError) return `${error.code} at ${error.param}: ${error.message}`
    throw error
  }
}

const look = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } } }

/** What a client asked that gets the answers: it knows the tools that they call. */
const question: Readonly<Record<string, object>> = {
  'openai-chat': {
    model: 'model',
    messages: [{ role: 'user', content: 'Hi' }],
    stream_options: { include_usage: true },
    tools: ['get_weather', 'now'].map((name) => ({ type: 'function', function: { name, parameters: look } })),
  },
  'openai-responses': {
    model: 'model',
    store: false,
    input: 'Hi',
    tools: ['get_weather', 'now'].map((name) => ({
      type: 'function',
      name,
      parameters: look,
      strict: false,
    })),
  },
  'anthropic-messages': {
    model: 'model',
    max_tokens: 1000,
    messages: [{ role: 'user', content: 'Hi' }],
    tools: ['get_weather', 'now'].map((name) => ({ name, input_schema: look })),
  },
  gemini: {
    contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
    generationConfig: { thinkingConfig: { includeThoughts: true } },
    tools: [
      {
        functionDeclarations: ['get_weather', 'now'].map((name) => ({ name, parametersJsonSchema: look })),
      },
    ],
  },
}

const asked = (client: ProtocolId, upstream: ProtocolId) => {
  const wire = wireOf(client, question[client] ?? {})
  const request = codecOf(client).decodeRequest(wire, { locations: true })
  const { translation } = translated(client, upstream, request)
  const reply: ReplyContext = { request, headers: wire.headers, id: 'req_test', now: 1_760_000_001 }
  return { translation, reply }
}

/** What a client is given for a whole answer of a provider. */
export const emittedAnswer = (client: ProtocolId, upstream: ProtocolId, body: object): string => {
  const { translation, reply } = asked(client, upstream)
  try {
    const wire = { status: 200, headers: new Headers(), body: new TextEncoder().encode(JSON.stringify(body)) }
    const response = translateAnswer(codecOf(upstream).decodeResponse(wire), translation)
    const encoded = codecOf(client).encodeResponse(response, reply)
    const lost = encoded.warnings.map(({ code, feature, reason }) => `${code}: ${feature}: ${reason}`)
    return [pretty(JSON.parse(encoded.body)), ...lost].join('\n')
  } catch (error) {
    if (error instanceof GatewayError) return `${error.code}: ${error.message}`
    throw error
  }
}

/** What a client is given for a stream of a provider, and whether it keeps to the client's grammar. */
export const emittedStream = (
  client: ProtocolId,
  upstream: ProtocolId,
  events: readonly (object | string)[],
): string => {
  const { translation, reply } = asked(client, upstream)
  const translator = translateStream({
    upstream: codecOf(upstream),
    client: codecOf(client),
    translation,
    reply,
    framing: 'sse',
    conform: true,
  })
  const meter = protocols[upstream].meterStream({ framing: 'sse', hideUsage: false, conform: false })
  const out: string[] = []
  const say = (bytes: Uint8Array | undefined): void => {
    if (bytes !== undefined) out.push(new TextDecoder().decode(bytes))
  }
  for (const event of events) {
    const data = typeof event === 'string' ? event : writeJson(event)
    const name =
      upstream === 'openai-responses' || upstream === 'anthropic-messages' ? nameOf(event) : undefined
    const block = encodeFrame(name === undefined ? { data } : { event: name, data })
    meter.push(block)
    say(translator.push(block))
    say(translator.flush())
  }
  if (meter.facts().ended !== undefined) say(translator.end())
  else say(translator.fail({ kind: 'upstream', message: 'the provider broke off' }))
  const broken = [...translator.violations].map((rule) => `breaks: ${rule}`)
  return [out.join('').trimEnd(), ...broken].join('\n')
}

const nameOf = (event: object | string): string | undefined =>
  typeof event === 'object' && 'type' in event && typeof event.type === 'string' ? event.type : undefined

/** What a client is given for an error of a provider. */
export const emittedError = (
  client: ProtocolId,
  upstream: ProtocolId,
  { status, body }: { readonly status: number; readonly body: object | string },
): string => {
  const bytes = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
  const error = protocols[upstream].errors.decode(status, new Headers(), bytes)
  const encoded = protocols[client].errors.encode(error, { requestId: 'req_test' })
  const headers = Object.entries(encoded.headers).map(([name, value]) => `${name}: ${value}`)
  return [`${encoded.status}`, ...headers, pretty(JSON.parse(encoded.body))].join('\n')
}
