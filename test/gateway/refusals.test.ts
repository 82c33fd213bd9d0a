import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { ledgerEntries, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway({ listen: '{ port: 0, max_body: 2MB, body_timeout: 1s }' })
})

afterAll(async () => {
  expect((await fetch(`${gateway.url}/livez`)).status).toBe(200)
  await gateway.stop()
})

/** The three shapes of an error, by the path that shows them. */
const shapes = [
  {
    protocol: 'chat',
    path: '/v1/chat/completions',
    kind: (body: ErrorBody) => body.error?.type,
    statusOf: (status: number) => status,
  },
  {
    protocol: 'responses',
    path: '/v1/responses',
    kind: (body: ErrorBody) => body.error?.type,
    statusOf: (status: number) => status,
  },
  {
    protocol: 'messages',
    path: '/v1/messages',
    kind: (body: ErrorBody) => (body.type === 'error' ? body.error?.type : undefined),
    statusOf: (status: number) => status,
  },
  {
    protocol: 'gemini',
    path: '/v1beta/models/loopback:generateContent',
    kind: (body: ErrorBody) => body.error?.status,
    statusOf: (status: number) => status,
  },
]

interface ErrorBody {
  readonly type?: string
  readonly error?: {
    readonly message?: string
    readonly type?: string
    readonly status?: string
    readonly code?: unknown
  }
}

const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}`, ...headers },
    body: typeof body === 'string' ? body : Buffer.from(body),
  })

for (const { protocol, path, kind } of shapes) {
  describe(`bad input on ${protocol} is refused in its own shape`, () => {
    const refused = async (response: Response, code: string): Promise<ErrorBody> => {
      expect(response.headers.get('x-tollgate-error')).toBe(code)
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
      const body = (await response.json()) as ErrorBody
      expect(kind(body)).toBeString()
      expect(body.error?.message).toBeString()
      return body
    }

    test('malformed JSON', async () => {
      for (const body of ['{"model":', '{"a":1,}', 'nonsense', '{}{}', '', '[]', '"x"']) {
        await refused(await post(path, body), 'gateway_json_invalid')
      }
    })

    test('bytes that are not UTF-8', async () => {
      await refused(
        await post(path, new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
        'gateway_json_invalid',
      )
    })

    test('nesting of 20,000 levels', async () => {
      const body = `{"model":"loopback","x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
      await refused(await post(path, body), 'gateway_json_invalid')
    })

    test('a body beyond the limit, declared or chunked', async () => {
      const large = new Uint8Array(3_000_000).fill(0x20)
      const declared = await post(path, large)
      expect(declared.status).toBe(413)
      await refused(declared, 'gateway_body_too_large')
      const chunked = await fetch(gateway.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
        body: new ReadableStream({
          start(controller) {
            for (let part = 0; part < 30; part++) controller.enqueue(large.subarray(0, 100_000))
            controller.close()
          },
        }),
      })
      expect(chunked.status).toBe(413)
    })

    test('no key, a wrong key, and the admin token', async () => {
      const anonymous = await fetch(gateway.url + path, { method: 'POST', body: '{}' })
      await refused(anonymous, 'gateway_key_missing')
      await refused(await post(path, '{}', { authorization: 'Bearer tgw-sk-wrong' }), 'gateway_key_invalid')
      await refused(
        await post(path, '{}', { authorization: `Bearer ${gateway.adminToken}` }),
        'gateway_key_invalid',
      )
    })

    test('a compressed body', async () => {
      await refused(await post(path, '{}', { 'content-encoding': 'gzip' }), 'gateway_content_type_invalid')
    })

    test('the wrong method', async () => {
      const response = await fetch(gateway.url + path, {
        method: 'PUT',
        headers: { authorization: `Bearer ${testKey}` },
        body: '{}',
      })
      expect(response.status).toBe(405)
      await refused(response, 'gateway_method_not_allowed')
    })

    test('a body that does not arrive in time', async () => {
      const text = await slowRequest(Number(new URL(gateway.url).port), path)
      expect(text).toStartWith('HTTP/1.1 408')
      expect(text).toContain('gateway_body_timeout')
    })
  })
}

test('an unknown model names the nearest', async () => {
  const response = await post('/v1/chat/completions', '{"model":"loopbak","messages":[]}')
  expect(response.status).toBe(404)
  const body = (await response.json()) as ErrorBody
  expect(body.error?.code).toBe('model_not_found')
  expect(body.error?.message).toContain('did you mean loopback')
})

test('an unknown path is 404 in the shape of its family', async () => {
  const headers = { authorization: `Bearer ${testKey}` }
  const openai = await fetch(`${gateway.url}/v1/files`, { headers })
  expect([openai.status, ((await openai.json()) as ErrorBody).error?.type]).toEqual([
    404,
    'invalid_request_error',
  ])
  const anthropic = await fetch(`${gateway.url}/v1/messages/batches`, { headers })
  expect([anthropic.status, ((await anthropic.json()) as ErrorBody).type]).toEqual([404, 'error'])
  const google = await fetch(`${gateway.url}/v1beta/files`, { headers })
  expect([google.status, ((await google.json()) as ErrorBody).error?.status]).toEqual([404, 'NOT_FOUND'])
})

test('a WebSocket upgrade of Responses is refused with 426', async () => {
  const answer = await raw(
    Number(new URL(gateway.url).port),
    'GET /v1/responses HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  )
  expect(answer).toStartWith('HTTP/1.1 426')
})

test('smuggling and oversized headers are refused and the worker lives', async () => {
  const port = Number(new URL(gateway.url).port)
  const both = await raw(
    port,
    'POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  )
  expect(both).toMatch(/^HTTP\/1\.1 4\d\d/)
  const large = await raw(port, `GET /livez HTTP/1.1\r\nhost: x\r\nx-large: ${'a'.repeat(100_000)}\r\n\r\n`)
  expect(large === '' || /^HTTP\/1\.1 4\d\d/.test(large)).toBe(true)
  const chunks = await raw(
    port,
    'POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\nabc\r\n',
  )
  expect(chunks === '' || /^HTTP\/1\.1 4\d\d/.test(chunks)).toBe(true)
})

test('every authenticated refusal has one row, and an anonymous one none', async () => {
  const before = (await ledgerEntries(gateway)).length
  await post('/v1/chat/completions', '{"model":')
  await post('/v1/chat/completions', '{"model":"nobody-knows","messages":[]}')
  await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body: '{}' })
  const entries = await waitFor(async () => {
    const found = await ledgerEntries(gateway)
    return found.length >= before + 2 ? found : undefined
  })
  expect(entries.length).toBe(before + 2)
  expect(entries.slice(0, 2).map((entry) => [entry.outcome, entry.error, entry.stage])).toEqual([
    ['refused', 'gateway_model_unknown', 'match'],
    ['refused', 'gateway_json_invalid', 'receive'],
  ])
})

const slowRequest = (port: number, path: string): Promise<string> =>
  raw(
    port,
    `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${testKey}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"mo`,
  )

/** Sends raw bytes and collects the answer until the server closes, or 3 s. */
const raw = (port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    let answer = ''
    const socket = connect({ port, host: '127.0.0.1' })
    const finish = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(finish, 3000)
    socket.on('connect', () => socket.write(text))
    socket.on('data', (data) => {
      answer += data.toString('latin1')
      if (answer.includes('\r\n\r\n')) setTimeout(finish, 50)
    })
    socket.on('error', finish)
    socket.on('close', finish)
  })
