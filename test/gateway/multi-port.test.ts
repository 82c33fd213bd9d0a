import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { freePort, startGateway, type TestGateway, testAdminToken, testKey } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  const ports = ['facade', 'admin', 'openai', 'anthropic', 'gemini'].map((name) => `${name}: ${freePort()}`)
  gateway = await startGateway({ listen: `{ mode: multi, ports: { ${ports.join(', ')} } }` })
})

afterAll(() => gateway.stop())

const at = (port: string): string => `http://127.0.0.1:${gateway.ports[port]}`

const streams = {
  chat: {
    path: '/v1/chat/completions',
    body: { model: 'loopback', messages: [{ role: 'user', content: 'hi' }], stream: true },
    end: '[DONE]',
  },
  responses: {
    path: '/v1/responses',
    body: { model: 'loopback', input: 'hi', stream: true },
    end: 'response.completed',
  },
  messages: {
    path: '/v1/messages',
    body: { model: 'loopback', max_tokens: 99, messages: [{ role: 'user', content: 'hi' }], stream: true },
    end: 'message_stop',
  },
  gemini: {
    path: '/v1beta/models/loopback:streamGenerateContent?alt=sse',
    body: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    end: 'STOP',
  },
}

const stream = (port: string, name: keyof typeof streams): Promise<Response> =>
  fetch(at(port) + streams[name].path, {
    method: 'POST',
    headers: { authorization: `Bearer ${testKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(streams[name].body),
  })

const served: Readonly<Record<string, readonly (keyof typeof streams)[]>> = {
  facade: ['chat', 'responses', 'messages', 'gemini'],
  openai: ['chat', 'responses'],
  anthropic: ['messages'],
  gemini: ['gemini'],
  admin: [],
}

for (const [port, names] of Object.entries(served)) {
  describe(`the ${port} port`, () => {
    test('streams what it serves and knows nothing else', async () => {
      for (const name of ['chat', 'responses', 'messages', 'gemini'] as const) {
        const response = await stream(port, name)
        if (names.includes(name)) {
          expect(response.headers.get('content-type')).toContain('text/event-stream')
          expect(await response.text()).toContain(streams[name].end)
        } else expect([name, response.status]).toEqual([name, 404])
      }
    })

    test('answers health, and the admin API only on its own port', async () => {
      expect((await fetch(`${at(port)}/livez`)).status).toBe(200)
      const admin = await fetch(`${at(port)}/api/v1/health`, {
        headers: { authorization: `Bearer ${testAdminToken}` },
      })
      expect(admin.status).toBe(port === 'admin' ? 200 : 404)
    })
  })
}
