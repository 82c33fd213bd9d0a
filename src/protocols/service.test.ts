import { describe, expect, test } from 'bun:test'
import { billableClasses, billableRegions, servedAs } from '../ir/index.ts'
import { scanJson } from '../wire/index.ts'
import { type Protocol, protocols } from './index.ts'

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

const streamed = (
  protocol: Protocol,
  frames: readonly (readonly [event: string | undefined, data: unknown])[],
) => {
  const meter = protocol.meterStream({ framing: 'sse', hideUsage: false, conform: false })
  for (const [event, data] of frames)
    meter.push(
      new TextEncoder().encode(
        `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
      ),
    )
  return meter.facts().service
}

const asked = (protocol: Protocol, body: object) => {
  const endpoint = protocol.endpoints.find(({ operation }) => operation === 'generate')
  if (endpoint === undefined) throw new Error('no endpoint')
  return protocol.facts({
    ...{ method: 'POST', path: endpoint.path, parameters: { model: 'm' }, query: new URLSearchParams() },
    ...{ headers: new Headers(), body: bytes(body), endpoint },
    scan: scanJson(bytes(body), protocol.watchedKeys, 512),
  }).service
}

const chat = protocols['openai-chat']
const responses = protocols['openai-responses']
const anthropic = protocols['anthropic-messages']
const gemini = protocols.gemini

describe('what an answer says of the class that served it', () => {
  test('is Chat’s service_tier, whole and streamed, in whichever word of OpenAI’s', () => {
    const whole = (service_tier: unknown) =>
      chat.meterBody(bytes({ choices: [], model: 'm', service_tier }), 'generate').service
    expect(whole('default')).toEqual({ class: 'standard' })
    expect(whole('on_demand')).toEqual({ class: 'standard' })
    expect(whole('priority')).toEqual({ class: 'priority' })
    expect(whole('fast')).toEqual({ class: 'priority' })
    expect(whole('flex')).toEqual({ class: 'flex' })
    expect(whole('ultrafast')).toEqual({ class: 'ultrafast' })
    for (const nothing of ['auto', '', null, undefined, 3]) expect(whole(nothing)).toBeUndefined()
    const chunk = {
      id: 'c',
      model: 'm',
      choices: [{ index: 0, delta: { content: 'x' }, finish_reason: null }],
    }
    expect(
      streamed(chat, [
        [undefined, { ...chunk, service_tier: 'auto' }],
        [undefined, chunk],
        [
          undefined,
          { ...chunk, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 }, service_tier: 'flex' },
        ],
        [undefined, '[DONE]'],
      ]),
    ).toEqual({ class: 'flex' })
  })

  test('is the service_tier of a response, whole and at the end of its stream', () => {
    const response = { id: 'resp_1', object: 'response', model: 'm', status: 'completed', output: [] }
    expect(responses.meterBody(bytes({ ...response, service_tier: 'fast' }), 'generate').service).toEqual({
      class: 'priority',
    })
    expect(
      streamed(responses, [
        ['response.created', { type: 'response.created', response: { ...response, service_tier: 'auto' } }],
        [
          'response.completed',
          { type: 'response.completed', response: { ...response, service_tier: 'flex' } },
        ],
      ]),
    ).toEqual({ class: 'flex' })
  })

  test('is Anthropic’s tier, speed and geography, whole and streamed', () => {
    const whole = (usage: object) =>
      anthropic.meterBody(bytes({ type: 'message', content: [], usage }), 'generate').service
    expect(whole({ service_tier: 'standard', inference_geo: 'us' })).toEqual({
      class: 'standard',
      region: 'us',
    })
    expect(whole({ service_tier: 'standard', speed: 'fast' })).toEqual({ class: 'fast' })
    expect(whole({ service_tier: 'priority', speed: 'fast' })).toEqual({ class: 'priority-fast' })
    expect(whole({ service_tier: 'batch', speed: 'standard' })).toEqual({ class: 'batch' })
    expect(whole({ inference_geo: 'not_available' })).toEqual({ region: 'global' })
    expect(whole({ service_tier: null, speed: null, inference_geo: null })).toBeUndefined()
    const usage = { input_tokens: 1, output_tokens: 1, service_tier: 'standard', speed: 'fast' }
    expect(
      streamed(anthropic, [
        ['message_start', { type: 'message_start', message: { id: 'a', model: 'm', usage } }],
        [
          'message_delta',
          { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
        ],
        ['message_stop', { type: 'message_stop' }],
      ]),
    ).toEqual({ class: 'fast' })
  })

  test('is Gemini’s tier or Vertex’ kind of traffic, whole and streamed', () => {
    const whole = (metadata: object) =>
      gemini.meterBody(
        bytes({ candidates: [], usageMetadata: { promptTokenCount: 1, ...metadata } }),
        'generate',
      ).service
    expect(whole({ serviceTier: 'standard' })).toEqual({ class: 'standard' })
    expect(whole({ serviceTier: 'SERVICE_TIER_FLEX' })).toEqual({ class: 'flex' })
    expect(whole({ trafficType: 'ON_DEMAND' })).toEqual({ class: 'standard' })
    expect(whole({ trafficType: 'ON_DEMAND_PRIORITY' })).toEqual({ class: 'priority' })
    expect(whole({ trafficType: 'PROVISIONED_THROUGHPUT' })).toEqual({ class: 'provisioned' })
    expect(whole({})).toBeUndefined()
    const text = { candidates: [{ content: { role: 'model', parts: [{ text: 'x' }] } }] }
    expect(
      streamed(gemini, [
        [undefined, { ...text, usageMetadata: { promptTokenCount: 1, serviceTier: 'priority' } }],
        [
          undefined,
          {
            ...text,
            usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, serviceTier: 'standard' },
          },
        ],
      ]),
    ).toEqual({ class: 'standard' })
  })
})

describe('what a request asks for', () => {
  test('is read in every protocol', () => {
    expect(asked(chat, { model: 'm', messages: [], service_tier: 'fast' })).toEqual({ class: 'priority' })
    expect(asked(chat, { model: 'm', messages: [], service_tier: 'auto' })).toBeUndefined()
    expect(asked(responses, { model: 'm', input: 'x', service_tier: 'ultrafast' })).toEqual({
      class: 'ultrafast',
    })
    expect(
      asked(anthropic, { model: 'm', max_tokens: 1, messages: [], service_tier: 'standard_only' }),
    ).toEqual({
      class: 'standard',
    })
    expect(
      asked(anthropic, { model: 'm', max_tokens: 1, messages: [], speed: 'fast', inference_geo: 'us' }),
    ).toEqual({ class: 'fast', region: 'us' })
    expect(asked(gemini, { contents: [], serviceTier: 'flex' })).toEqual({ class: 'flex' })
    expect(asked(gemini, { contents: [], service_tier: 'priority' })).toEqual({ class: 'priority' })
    for (const protocol of [chat, responses, anthropic, gemini])
      expect(asked(protocol, { model: 'm', max_tokens: 1, service_tier: 5 })).toBeUndefined()
  })
})

test('the provider’s word counts, then what was asked, then the standard', () => {
  expect(servedAs({ class: 'flex' }, { class: 'priority' })).toEqual({ class: 'flex', region: 'global' })
  expect(servedAs(undefined, { class: 'priority', region: 'us' })).toEqual({
    class: 'priority',
    region: 'us',
  })
  expect(servedAs({ region: 'global' }, { region: 'us' })).toEqual({ class: 'standard', region: 'global' })
  expect(servedAs(undefined, undefined)).toEqual({ class: 'standard', region: 'global' })
})

test('what may be billed holds whatever was asked, and what is dearer only where it could be had', () => {
  expect(billableClasses(undefined)).toEqual(['standard', 'flex', 'priority'])
  expect(billableClasses({ class: 'standard' })).toEqual(['standard'])
  expect(billableClasses({ class: 'a vendor’s own' })).toBeUndefined()
  expect(billableRegions(undefined)).toBeUndefined()
  expect(billableRegions({ region: 'us' })).toEqual(['global', 'us'])
})
