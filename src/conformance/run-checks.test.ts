import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway, testKey } from '../../test/support/gateway.ts'
import type { ProtocolId } from '../ir/index.ts'
import { runChecks } from './run-checks.ts'
import { subject } from './subject.ts'

const verdicts = async (url: string, protocol: ProtocolId, key: string) => {
  const { results } = await runChecks(
    subject({ url, protocol, model: 'loopback-agent', key, timeout: 10_000 }),
  )
  return Object.fromEntries(
    results.map(({ check, verdict }) => [check, verdict.state === 'failed' ? verdict.reason : verdict.state]),
  )
}

describe('a gateway that does what the protocols say', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startGateway({ config: [] })
  })
  afterAll(() => gateway.stop())

  for (const protocol of ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const) {
    test(`passes in ${protocol}`, async () => {
      const seen = await verdicts(gateway.url, protocol, testKey)
      const bad = Object.entries(seen).filter(([, state]) => state !== 'passed' && state !== 'skipped')
      expect(bad).toEqual([])
      expect(seen['tool call, streamed']).toBe('passed')
      expect(seen['error: wrong key']).toBe('passed')
    })
  }
})

describe('a server with defects', () => {
  const chunk = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const text = await request.text()
      if (!text.includes('"messages"')) return new Response('bad request', { status: 400 })
      if (text.includes('no-such-model')) return Response.json({ error: 'no such model' }, { status: 404 })
      if (text.includes('"stream":true')) {
        // No role, no reason of the end, no terminator.
        return new Response(chunk({ content: 'hel' }) + chunk({ content: 'lo' }), {
          headers: { 'content-type': 'text/event-stream' },
        })
      }
      return Response.json({
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
      })
    },
  })
  afterAll(() => server.stop(true))

  test('is told each of them', async () => {
    const seen = await verdicts(`http://127.0.0.1:${server.port}/v1`, 'openai-chat', 'any')
    expect(seen['whole answer']).toBe('tokens are not counted')
    expect(seen['stream: whole']).toBe('the stream is not whole')
    expect(seen['stream: grammar']).toContain('breaks ')
    expect(seen['tool call']).toBe('the tool was not called')
    expect(seen['error: unknown model']).toBe('the body is not in the shape of the protocol')
    expect(seen['error: wrong key']).toBe('skipped')
  })

  test('that cannot be reached fails every check', async () => {
    const seen = await verdicts('http://127.0.0.1:1', 'anthropic-messages', 'any')
    expect(Object.values(seen)).not.toContain('passed')
  })
})
