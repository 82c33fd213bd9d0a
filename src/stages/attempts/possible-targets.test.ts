import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors.ts'
import type { Operation, ProtocolId, WorkMode } from '../../ir/index.ts'
import { protocols } from '../../protocols/index.ts'
import type { Provider } from '../../providers/index.ts'
import { possibleTargets } from './possible-targets.ts'

const provider = (id: string, speaks: readonly ProtocolId[], local = false): Provider => ({
  id,
  kind: 'test',
  speaks: (_model, operation) =>
    operation === 'count-tokens' ? speaks.filter((one) => one !== 'openai-chat') : speaks,
  serves: () => true,
  url: () => new URL('http://x'),
  authorize() {},
  listedModels: () => [],
  streamUsage: 'ask',
  ...(local ? { send: () => Promise.reject(new Error('not asked')) } : {}),
})

const openai = provider('openai', ['openai-responses', 'openai-chat'])
const anthropic = provider('anthropic', ['anthropic-messages'])
const loopback = provider('loopback', ['openai-chat', 'anthropic-messages'], true)

interface Wanted {
  readonly from: ProtocolId
  readonly to: readonly Provider[]
  readonly isOrdered?: boolean
  readonly operation?: Operation
  readonly mode?: WorkMode
  readonly sticky?: string
}

const choose = ({
  from,
  to,
  isOrdered = true,
  operation = 'generate',
  mode = 'auto',
  sticky,
}: Wanted): string => {
  const protocol = protocols[from]
  const [endpoint] = protocol.endpoints
  if (endpoint === undefined) throw new Error('no endpoint')
  try {
    const [choice] = possibleTargets(mode, {
      id: 'req',
      kind: 'client',
      protocol,
      endpoint,
      operation,
      incoming: {
        method: 'POST',
        path: '/',
        parameters: {},
        query: new URLSearchParams(),
        headers: new Headers(),
        pinnedProvider: undefined,
        workMode: undefined,
        remoteAddress: '',
        readBody: () => Promise.resolve(new Uint8Array()),
      },
      signal: new AbortController().signal,
      startedAt: 0,
      stage: '',
      match: { rule: 'test', isOrdered, targets: to.map((one) => ({ provider: one, model: 'm' })) },
      sticky: sticky === undefined ? undefined : { provider: sticky, credential: 'c' },
    })
    if (choice === undefined) throw new Error('no choice and no error')
    return `${choice.target.provider.id} in ${choice.protocol ?? 'nothing'}`
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
}

describe('a target is asked', () => {
  test('in the protocol of the client where it speaks it, else in the best that it has', () => {
    expect(choose({ from: 'openai-chat', to: [openai] })).toBe('openai in openai-chat')
    expect(choose({ from: 'anthropic-messages', to: [openai] })).toBe('openai in openai-responses')
  })

  test('in the order of a route, also if that means to translate', () => {
    expect(choose({ from: 'openai-chat', to: [anthropic, openai] })).toBe('anthropic in anthropic-messages')
  })

  test('without translation first where nobody wrote an order down', () => {
    expect(choose({ from: 'openai-chat', to: [anthropic, openai], isOrdered: false })).toBe(
      'openai in openai-chat',
    )
    expect(choose({ from: 'gemini', to: [anthropic, openai], isOrdered: false })).toBe(
      'anthropic in anthropic-messages',
    )
  })

  test('where its state lives', () => {
    expect(choose({ from: 'openai-responses', to: [anthropic, openai], sticky: 'openai' })).toBe(
      'openai in openai-responses',
    )
    expect(choose({ from: 'openai-responses', to: [anthropic], sticky: 'openai' })).toBe(
      'gateway_request_invalid',
    )
  })
})

describe('the work mode', () => {
  test('`passthrough` passes over who would need a translation, and refuses if that is all', () => {
    expect(choose({ from: 'openai-chat', to: [anthropic, openai], mode: 'passthrough' })).toBe(
      'openai in openai-chat',
    )
    expect(choose({ from: 'gemini', to: [anthropic], mode: 'passthrough' })).toBe(
      'gateway_translation_unsupported',
    )
  })

  test('`translation` refuses what would pass through, but for what needs no upstream', () => {
    expect(choose({ from: 'openai-chat', to: [openai], mode: 'translation' })).toBe(
      'gateway_translation_unsupported',
    )
    expect(choose({ from: 'openai-chat', to: [openai, anthropic], mode: 'translation' })).toBe(
      'anthropic in anthropic-messages',
    )
    expect(choose({ from: 'openai-chat', to: [loopback], mode: 'translation' })).toBe(
      'loopback in openai-chat',
    )
  })
})

test('the work mode says so where it is what refuses, whoever stands first', () => {
  const chatOnly = provider('local', ['openai-chat'])
  const operation = 'count-tokens'
  expect(choose({ from: 'anthropic-messages', to: [chatOnly], operation, mode: 'passthrough' })).toBe(
    'gateway_translation_unsupported',
  )
  expect(choose({ from: 'anthropic-messages', to: [anthropic], operation, mode: 'translation' })).toBe(
    'gateway_translation_unsupported',
  )
  expect(choose({ from: 'anthropic-messages', to: [chatOnly], operation, mode: 'translation' })).toBe(
    'local in nothing',
  )
  const silent = provider('silent', [])
  expect(choose({ from: 'gemini', to: [silent, anthropic], mode: 'passthrough' })).toBe(
    'gateway_translation_unsupported',
  )
})

test('tokens are counted by the provider, in any protocol that has a word for it, or else here', () => {
  const chatOnly = provider('local', ['openai-chat'])
  const operation = 'count-tokens'
  expect(choose({ from: 'gemini', to: [openai], operation })).toBe('openai in openai-responses')
  expect(choose({ from: 'anthropic-messages', to: [chatOnly], operation })).toBe('local in nothing')
})

test('state of an upstream has no counterpart elsewhere', () => {
  expect(choose({ from: 'openai-responses', to: [anthropic], operation: 'retrieve-response' })).toBe(
    'gateway_translation_unsupported',
  )
  expect(choose({ from: 'openai-responses', to: [], operation: 'retrieve-response' })).toBe(
    'gateway_protocol_unsupported',
  )
})
