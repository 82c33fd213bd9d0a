import { describe, expect, test } from 'bun:test'
import { createCatalog } from '../../catalog/index.ts'
import { GatewayError } from '../../errors.ts'
import type { CanonicalError } from '../../ir/index.ts'
import type { Reply } from '../../pipeline/index.ts'
import { protocols } from '../../protocols/index.ts'
import type { Credential, Provider } from '../../providers/index.ts'
import { EntryDraft } from '../ledger/index.ts'
import type { AnsweredExchange, AttemptExchange, AttemptsParts } from './attempt.ts'
import { createCredentialPool } from './credential-pool.ts'
import { createTries } from './tries.ts'
import { createUpstreamHealth } from './upstream-health.ts'

const reply = (status: number, error?: CanonicalError, upstreamStatus = status): Reply => ({
  status,
  headers: new Headers(),
  body: new Uint8Array(),
  outcome: {
    result: status < 400 ? 'success' : 'upstream_error',
    status,
    upstreamStatus,
    ...(error === undefined ? {} : { error }),
    responseBytes: 0,
  },
})

type Answer = (provider: string, credential: string) => Reply

interface Bench {
  /** Provider to the ids of its credentials. */
  readonly providers: Readonly<Record<string, readonly string[]>>
  readonly answer: Answer
  readonly tries?: number
}

const bench = ({ providers, answer, tries = 3 }: Bench) => {
  let time = 1_000_000
  const now = () => time
  const health = createUpstreamHealth({ now })
  const tokens = { left: 50 }
  const asked: string[] = []
  const credentials = new Map(
    Object.entries(providers).map(([id, keys]) => [
      id,
      keys.map((key): Credential => ({ id: key, origin: 'http://x' })),
    ]),
  )
  const pool = createCredentialPool(credentials, now)
  const parts = {
    pool,
    catalog: createCatalog({ overrides: [] }),
    health: {
      ...health,
      budget: {
        deposit() {},
        withdraw() {
          tokens.left--
          return true
        },
        refund() {
          tokens.left++
        },
      },
    },
    retry: { tries, backoff: 1, longestWait: 5, deadline: 60_000, budget: 1 },
    onRefusedCredential() {},
    onHedge() {},
    now,
    random: () => 0,
  }
  const attempt = async (exchange: AttemptExchange): Promise<Reply> => {
    const { target, credential } = exchange.attempt
    asked.push(`${target.provider.id} ${credential.id}`)
    return answer(target.provider.id, credential.id)
  }
  // Of parts and exchange only this much is looked at.
  const run = createTries(parts as unknown as AttemptsParts, attempt)
  const request = { body: new TextEncoder().encode('{"model":"m","messages":[]}') }
  const ask = () => {
    const exchange = {
      id: 'req_1',
      kind: 'client',
      operation: 'generate',
      protocol: protocols['openai-chat'],
      request,
      facts: { stream: false, handles: [] },
      startedAt: time,
      signal: new AbortController().signal,
      identity: { tenant: { organisation: 'org' }, id: 'key' },
      match: { policy: undefined },
      entry: new EntryDraft((handle) => handle as never),
      stage: '',
    }
    const choices = Object.keys(providers).map((id) => ({
      target: { provider: { id, kind: 'openai-compatible' } as Provider, model: 'm' },
      protocol: 'openai-chat' as const,
    }))
    return run(exchange as unknown as AnsweredExchange, choices as never, undefined)
  }
  return { ask, asked, tokens, health, pool, pass: (milliseconds: number) => (time += milliseconds) }
}

const failed = new GatewayError('gateway_upstream_died', 'it died', { wasSent: true })
const refused = new GatewayError('gateway_upstream_credentials_exhausted', 'it refuses the key')
const unfit = new GatewayError('gateway_translation_unsupported', 'it cannot be said')

const thrown = (error: GatewayError): never => {
  throw error
}

describe('an answer that the gateway cannot say', () => {
  const ours: CanonicalError = { kind: 'internal', code: 'gateway_internal', message: 'internal error' }

  test('is asked for once elsewhere, and says nothing against the provider', async () => {
    const { ask, asked, health } = bench({
      providers: { one: ['k1'], two: ['k2'] },
      answer: (provider) => (provider === 'one' ? reply(500, ours, 200) : reply(200)),
    })
    for (let call = 0; call < 12; call++) expect((await ask()).status).toBe(200)
    expect(asked.filter((one) => one === 'one k1').length).toBe(12)
    expect(asked.filter((one) => one === 'two k2').length).toBe(12)
    expect(health.circuits.list()).toEqual([])
  })

  test('is the answer where nobody else is there', async () => {
    const { ask, asked } = bench({ providers: { one: ['k1'] }, answer: () => reply(500, ours, 200) })
    expect((await ask()).status).toBe(500)
    expect(asked.length).toBe(1)
  })
})

describe('the budget of repeats', () => {
  test('pays for repeats that fail, and not for the one that is answered', async () => {
    let calls = 0
    const { ask, tokens } = bench({
      providers: { one: ['k1'] },
      answer: () => (++calls < 3 ? thrown(failed) : reply(200)),
    })
    await ask()
    expect([calls, tokens.left]).toEqual([3, 49])
  })

  test('gets back what nobody could be asked for: the circuit opened during the wait', async () => {
    const { ask, tokens, health, asked } = bench({
      providers: { one: ['k1'] },
      answer() {
        // Others see it fail as well.
        health.circuits.of('one/m k1').follow(9_000_000)
        return thrown(failed)
      },
    })
    await expect(ask()).rejects.toThrow('it died')
    expect([asked.length, tokens.left]).toEqual([1, 50])
  })

  test('gets back what the last resort finds nobody for', async () => {
    const { ask, tokens, asked } = bench({
      providers: { one: ['k1'], nobody: [] },
      tries: 1,
      answer: () => thrown(failed),
    })
    await expect(ask()).rejects.toThrow('it died')
    expect([asked.length, tokens.left]).toEqual([1, 50])
  })

  test('gets back what turns out not to be sayable, since nothing was sent', async () => {
    let calls = 0
    const { ask, tokens } = bench({
      providers: { one: ['k1'] },
      answer: () => thrown(++calls === 1 ? failed : unfit),
    })
    await expect(ask()).rejects.toThrow('it died')
    expect([calls, tokens.left]).toEqual([2, 50])
  })

  test('pays for the fourth key and those after it, but for the one that answers', async () => {
    let calls = 0
    const keys = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6']
    const { ask, tokens, asked } = bench({
      providers: { one: keys },
      answer: () => (++calls === 6 ? reply(200) : thrown(refused)),
    })
    expect((await ask()).status).toBe(200)
    expect([asked.length, tokens.left]).toEqual([6, 48])
  })
})
