import { describe, expect, test } from 'bun:test'
import { createCatalog } from '../../catalog/index.ts'
import { GatewayError } from '../../errors.ts'
import type { ProtocolId } from '../../ir/index.ts'
import type { CanaryPrompt } from '../../ledger/index.ts'
import type { Exchange, Reply } from '../../pipeline/index.ts'
import { protocols } from '../../protocols/index.ts'
import { askCanary } from './ask-canary.ts'

const prompt: CanaryPrompt = {
  provider: 'p',
  model: 'vendor/m',
  prompt: 'capital of France?',
  expect: '*paris*',
  max_output_tokens: 40,
}

const bodies: Readonly<Record<string, (text: string) => object>> = {
  'openai-chat': (text) => ({
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  }),
  'openai-responses': (text) => ({
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    output: [
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] },
    ],
  }),
  'anthropic-messages': (text) => ({
    type: 'message',
    role: 'assistant',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
  }),
  gemini: (text) => ({
    candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP' }],
  }),
}

const ask = async (
  protocol: ProtocolId,
  answer: string | GatewayError,
  changes: Partial<CanaryPrompt> = {},
) => {
  const seen: Exchange[] = []
  const outcome = await askCanary(
    {
      provider: () => ({ kind: 'openai-compatible', speaks: () => [protocol] }),
      protocols,
      catalog: createCatalog({ overrides: [] }),
      now: () => 5,
      async run(exchange): Promise<Reply> {
        seen.push(exchange)
        if (answer instanceof GatewayError) throw answer
        return {
          status: 200,
          headers: new Headers({ 'content-type': 'application/json' }),
          body: Buffer.from(JSON.stringify(bodies[protocol]?.(answer))),
          outcome: { result: 'success', status: 200, responseBytes: 1 },
        }
      },
    },
    { ...prompt, ...changes },
    new AbortController().signal,
  )
  return { outcome, exchange: seen[0] }
}

const sentBy = async (exchange: Exchange | undefined): Promise<Record<string, unknown>> =>
  JSON.parse(Buffer.from((await exchange?.incoming.readBody()) ?? []).toString())

describe.each(['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const)(
  'a canary of a provider that speaks %s',
  (protocol) => {
    test('is a whole, short exchange of its own that nobody keeps', async () => {
      const { exchange } = await ask(protocol, 'Paris')
      expect(exchange).toMatchObject({
        kind: 'canary',
        operation: 'generate',
        internal: {
          tenant: { organisation: 'org_default', key: null },
          target: { provider: 'p', model: 'vendor/m' },
        },
      })
      const sent = await sentBy(exchange)
      expect(sent['stream']).toBeUndefined()
      expect(sent['store']).toBe(protocol === 'openai-responses' ? false : undefined)
      const text = JSON.stringify(sent)
      expect(text).toContain('capital of France?')
      expect(text).toMatch(/"max\w*"?:40/i)
      const endpoint = exchange?.endpoint
      if (exchange === undefined || endpoint === undefined) throw new Error('nothing was asked')
      expect(exchange.incoming.path).toBe(endpoint.path.replace('{model}', 'vendor/m'))
      expect(exchange.incoming.parameters).toEqual(protocol === 'gemini' ? { model: 'vendor/m' } : {})
    })

    test('passes where the answer is the expected one, whatever its capitals', async () => {
      expect((await ask(protocol, 'It is PARIS,\nof course.\n')).outcome).toMatchObject({
        result: 'passed',
        at: 5,
      })
      expect((await ask(protocol, 'Lyon')).outcome).toMatchObject({ result: 'failed', error: null })
    })
  },
)

test.each([
  ['42', ' 42\n', 'passed'],
  ['42', '142', 'failed'],
  ['4*2', '4 of 2', 'passed'],
  ['a.c', 'abc', 'failed'],
  [undefined, 'anything', 'passed'],
  [undefined, '', 'failed'],
] as const)('expected %p, answered %p: %p', async (expected, text, result) => {
  const { outcome } = await ask('anthropic-messages', text, { expect: expected })
  expect(outcome?.result).toBe(result)
})

test('a refusal is no answer, and says why', async () => {
  const { outcome } = await ask('openai-chat', new GatewayError('gateway_model_unknown', 'no such model'))
  expect(outcome).toMatchObject({ result: 'no_answer', error: 'gateway_model_unknown' })
})

test('a provider that is not there is not asked', async () => {
  const outcome = await askCanary(
    {
      provider: () => undefined,
      protocols,
      catalog: createCatalog({ overrides: [] }),
      now: () => 5,
      run: () => Promise.reject(new Error('asked')),
    },
    prompt,
    new AbortController().signal,
  )
  expect(outcome).toBeUndefined()
})
