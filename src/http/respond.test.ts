import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../errors.ts'
import { protocolIds } from '../ir/index.ts'
import { protocols } from '../protocols/index.ts'
import { errorResponse } from './respond.ts'

const message =
  'the key budget of k of 5.00 USD per day has no room for this request; it resets at 2026-12-01T00:00:00.000Z'

const refuse = (
  code: 'gateway_budget_exceeded' | 'gateway_cost_unbounded',
  id: (typeof protocolIds)[number],
  userAgent = '',
) => errorResponse(new GatewayError(code, message), protocols[id], 'req_1', {}, userAgent)

describe('a refusal for money', () => {
  for (const code of ['gateway_budget_exceeded', 'gateway_cost_unbounded'] as const) {
    test(`${code} is 402 in every protocol, tells not to retry, and keeps its message`, async () => {
      for (const id of protocolIds) {
        const answer = refuse(code, id)
        expect([id, answer.status, answer.headers.get('x-should-retry')]).toEqual([id, 402, 'false'])
        expect(answer.headers.get('x-tollgate-error')).toBe(code)
        expect(answer.headers.get('retry-after')).toBeNull()
        const { error } = (await answer.json()) as { error: Record<string, unknown> }
        expect(error['message']).toBe(message)
        expect(error).toMatchObject(
          id === 'anthropic-messages'
            ? { type: 'billing_error' }
            : id === 'gemini'
              ? { code: 402, status: 'RESOURCE_EXHAUSTED' }
              : { type: 'insufficient_quota', code: 'insufficient_quota' },
        )
      }
    })
  }

  test('is 400 for Codex, which asks six times at 402', async () => {
    for (const agent of ['codex_exec/0.169.0 (Debian 12)', 'codex_cli_rs/0.169.0', 'codex-tui/1.0']) {
      const answer = refuse('gateway_budget_exceeded', 'openai-responses', agent)
      expect([answer.status, answer.headers.get('x-tollgate-error')]).toEqual([
        400,
        'gateway_budget_exceeded',
      ])
      expect(await answer.json()).toMatchObject({ error: { message, code: 'insufficient_quota' } })
      expect(refuse('gateway_budget_exceeded', 'openai-chat', agent).status).toBe(402)
    }
    expect(refuse('gateway_budget_exceeded', 'openai-responses', 'OpenAI/JS 7.55.0').status).toBe(402)
    const overloaded = errorResponse(
      new GatewayError('gateway_overloaded', 'busy', { retryAfter: 1 }),
      protocols['openai-responses'],
      'req_1',
      {},
      'codex_exec/0.169.0',
    )
    expect([overloaded.status, overloaded.headers.get('retry-after')]).toEqual([503, '1'])
  })
})
