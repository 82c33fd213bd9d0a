/**
 * Pictures and documents that a client names by an address and that its target does not fetch by itself: a real
 * gateway fetches them, from public addresses only, before anything is sent.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import {
  ledgerEntries,
  oneCall,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUg==', 'base64')
const pdf = Buffer.from('%PDF-1.7 a small one')

let upstream: TestUpstream
let pictures: TestUpstream
/** Named as the proxy of the gateway's environment: whoever asks here has let others resolve the name. */
let proxy: TestUpstream
/** Knows the names of this test, and takes 127.0.0.1 for a public address. */
let gateway: TestGateway
/** As it is shipped. */
let shipped: TestGateway

const configOf = (url: string): readonly string[] => [
  ...oneCall,
  'providers:',
  `  google-like: { kind: gemini-compatible, base_url: "${url}/google-like", api_key: sk-up, models: ["*"] }`,
  `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${url}/chat/v1", api_key: sk-up, models: ["*"] }`,
  `  messages: { kind: anthropic-compatible, base_url: "${url}/messages", api_key: sk-up, models: ["*"] }`,
  'routes:',
  '  - { match: either, targets: [{ provider: google-like, model: gemini-2.0-flash }, { provider: messages, model: claude-sonnet-4-5 }] }',
]

beforeAll(async () => {
  upstream = startUpstream()
  pictures = startUpstream()
  proxy = startUpstream()
  const config = configOf(upstream.url)
  ;[gateway, shipped] = await Promise.all([
    startGateway({
      config,
      program: 'test/support/gateway-with-names.ts',
      env: {
        HTTP_PROXY: proxy.url,
        TEST_NAMES: JSON.stringify({
          'pictures.test': ['127.0.0.1'],
          'inside.test': ['10.0.0.1'],
          'half-inside.test': ['127.0.0.1', '192.168.0.1'],
        }),
      },
    }),
    startGateway({ config }),
  ])
})

afterEach(() => {
  expect(proxy.seen).toEqual([])
  upstream.seen.length = 0
  pictures.seen.length = 0
})

afterAll(async () => {
  await Promise.all([gateway.stop(), shipped.stop()])
  await Promise.all([upstream.stop(), pictures.stop(), proxy.stop()])
})

/** An address of the server with the pictures. */
const at = (path: string, host = 'pictures.test'): string =>
  `http://${host}:${new URL(pictures.url).port}${path}`

/** One small answer of each of the three providers. */
const answers: Readonly<Record<string, unknown>> = {
  'google-like': {
    candidates: [{ content: { role: 'model', parts: [{ text: 'A horse' }] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 2, totalTokenCount: 13 },
  },
  chat: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'A horse' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 11, completion_tokens: 2, total_tokens: 13 },
  },
  messages: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'text', text: 'A horse' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 11, output_tokens: 2 },
  },
}

const answerAll = (): void => {
  upstream.answer = ({ path }) => Response.json(answers[path.split('/')[1] ?? ''])
  pictures.answer = ({ path }) => {
    switch (path) {
      case '/horse.png':
        // A type that the bytes say otherwise.
        return new Response(png, { headers: { 'content-type': 'application/octet-stream' } })
      case '/paper.pdf':
        return new Response(pdf, { headers: { 'content-type': 'application/pdf' } })
      case '/page.png':
        return new Response('<html>Please log in</html>', { headers: { 'content-type': 'image/png' } })
      case '/moved.png':
        return Response.redirect(at('/horse.png'), 302)
      case '/moved-inside.png':
        return Response.redirect(at('/horse.png', 'inside.test'), 302)
      case '/moved-to-metadata.png':
        return Response.redirect('http://169.254.169.254/latest/meta-data', 302)
      case '/large.png':
        return new Response(new Uint8Array(21 * 1024 * 1024))
      default:
        return new Response('not here', { status: 404 })
    }
  }
}

interface Client {
  readonly path: (model: string) => string
  /** A request with these pictures, which begins with a short text. */
  readonly body: (model: string, urls: readonly string[]) => unknown
  readonly text: (answer: never) => unknown
  /** Where an error says what kind it is, and what it says. */
  readonly error: (answer: never) => readonly [kind: unknown, message: unknown]
}

const openaiError: Client['error'] = ({ error }: { error: { type: string; message: string } }) => [
  error.type,
  error.message,
]

type ClientName = 'Chat' | 'Responses' | 'Messages' | 'Gemini'

const clients: Readonly<Record<ClientName, Client>> = {
  Chat: {
    path: () => '/v1/chat/completions',
    body: (model, urls) => ({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            ...urls.map((url) => ({ type: 'image_url', image_url: { url } })),
          ],
        },
      ],
    }),
    text: ({ choices }: { choices: readonly { message: { content: string } }[] }) =>
      choices[0]?.message.content,
    error: openaiError,
  },
  Responses: {
    path: () => '/v1/responses',
    body: (model, urls) => ({
      model,
      store: false,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is it?' },
            ...urls.map((url) => ({ type: 'input_image', image_url: url, detail: 'auto' })),
          ],
        },
      ],
    }),
    text: ({ output }: { output: readonly { content: readonly { text: string }[] }[] }) =>
      output[0]?.content[0]?.text,
    error: openaiError,
  },
  Messages: {
    path: () => '/v1/messages',
    body: (model, urls) => ({
      model,
      max_tokens: 10,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            ...urls.map((url) => ({ type: 'image', source: { type: 'url', url } })),
          ],
        },
      ],
    }),
    text: ({ content }: { content: readonly { text: string }[] }) => content[0]?.text,
    error: ({ error }: { error: { type: string; message: string } }) => [error.type, error.message],
  },
  Gemini: {
    path: (model) => `/v1beta/models/${model}:generateContent`,
    body: (_model, urls) => ({
      contents: [
        {
          role: 'user',
          parts: [
            { text: 'What is it?' },
            ...urls.map((fileUri) => ({ fileData: { fileUri, mimeType: 'image/png' } })),
          ],
        },
      ],
    }),
    text: ({ candidates }: { candidates: readonly { content: { parts: readonly { text: string }[] } }[] }) =>
      candidates[0]?.content.parts[0]?.text,
    error: ({ error }: { error: { status: string; message: string } }) => [error.status, error.message],
  },
}

const post = (to: TestGateway, path: string, body: unknown, signal?: AbortSignal): Promise<Response> =>
  fetch(to.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${testKey}`,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      cookie: 'session=secret',
    },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  })

const ask = (
  { path, body }: Client,
  model: string,
  urls: readonly string[],
  to: TestGateway = gateway,
): Promise<Response> => post(to, path(model), body(model, urls))

const sentText = (): string => {
  expect(upstream.seen).toHaveLength(1)
  return new TextDecoder().decode(upstream.seen[0]?.body)
}

const entryOf = async (to: TestGateway, answer: Response) => {
  const id = answer.headers.get('x-tollgate-request-id')
  return waitFor(async () => (await ledgerEntries(to)).find(({ exchange }) => exchange === id))
}

/** A target of another protocol that takes pictures as bytes only, and how they stand in its request. */
const bytesOnly = {
  gemini: {
    model: 'google-like/gemini-2.0-flash',
    picture: `"inlineData":{"mimeType":"image/png","data":"${png.toString('base64')}"}`,
  },
  chat: {
    model: 'chat/kimi-k2.5',
    picture: `"url":"data:image/png;base64,${png.toString('base64')}"`,
  },
}

const pairs = Object.entries(clients).flatMap(([name, client]) =>
  Object.entries(bytesOnly)
    .filter(([target]) => target !== name.toLowerCase())
    .map(([target, { model, picture }]) => [`${name} to ${target}`, client, model, picture] as const),
)

describe('a picture that the target does not fetch', () => {
  test.each(pairs)('goes there as bytes: %s', async (_name, client, model, picture) => {
    answerAll()
    const answer = await ask(client, model, [at('/horse.png')])
    expect(answer.status).toBe(200)
    expect(client.text((await answer.json()) as never)).toBe('A horse')
    expect(sentText()).toContain(picture)
    expect(sentText()).not.toContain('pictures.test')
    expect(await entryOf(gateway, answer)).toMatchObject({ outcome: 'success', attempts: 1 })
  })

  test('is asked for once, and by nobody: no key, no cookie, nothing of the client', async () => {
    answerAll()
    const url = at('/horse.png?signature=abc')
    const answer = await ask(clients.Messages, bytesOnly.gemini.model, [url, url])
    expect(answer.status).toBe(200)
    expect(sentText().split(bytesOnly.gemini.picture)).toHaveLength(3)
    expect(pictures.seen.map(({ method, path, query }) => [method, path, query])).toEqual([
      ['GET', '/horse.png', '?signature=abc'],
    ])
    expect(pictures.seen[0]?.headers).toEqual({
      host: new URL(url).host,
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'tollgate',
      connection: expect.any(String),
    })
  })

  test('is found behind a redirect to another public address', async () => {
    answerAll()
    const answer = await ask(clients.Chat, bytesOnly.gemini.model, [at('/moved.png')])
    expect(answer.status).toBe(200)
    expect(sentText()).toContain(bytesOnly.gemini.picture)
  })

  test('is fetched for a tool result and for a stream, too', async () => {
    answerAll()
    const chunk = {
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta: { role: 'assistant', content: 'A horse' }, finish_reason: 'stop' }],
    }
    upstream.answer = () =>
      new Response(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`, {
        headers: { 'content-type': 'text/event-stream' },
      })
    const answer = await post(gateway, '/v1/messages', {
      model: bytesOnly.chat.model,
      max_tokens: 10,
      stream: true,
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: 'What is it?' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }] },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'toolu_1',
              content: [{ type: 'image', source: { type: 'url', url: at('/horse.png') } }],
            },
          ],
        },
      ],
    })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('message_stop')
    expect(sentText()).toContain(bytesOnly.chat.picture)
  })

  test('is no picture where its bytes are none, whatever the server says', async () => {
    answerAll()
    const answer = await ask(clients.Messages, bytesOnly.gemini.model, [at('/page.png')])
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('what lies there is no image')
    expect(upstream.seen).toEqual([])
  })

  test('does not keep another target from being asked that fetches by itself', async () => {
    answerAll()
    const answer = await ask(clients.Chat, 'either', [at('/gone.png')])
    expect(answer.status).toBe(200)
    expect(sentText()).toContain(`"source":{"type":"url","url":"${at('/gone.png')}"}`)
    expect(await entryOf(gateway, answer)).toMatchObject({ outcome: 'success', provider: 'messages' })
  })

  test('is not waited for when the client has left', async () => {
    answerAll()
    const before = pictures.aborted
    const entries = (await ledgerEntries(gateway)).length
    pictures.answer = ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(new Response('late')))
      })
    const leaving = new AbortController()
    const { path, body } = clients.Messages
    const { model } = bytesOnly.gemini
    const asked = post(gateway, path(model), body(model, [at('/slow.png')]), leaving.signal)
    await waitFor(() => (pictures.seen.length > 0 ? true : undefined))
    leaving.abort()
    await expect(asked).rejects.toThrow()
    await waitFor(() => (pictures.aborted > before ? true : undefined))
    expect(upstream.seen).toEqual([])
    const entry = await waitFor(async () => {
      const all = await ledgerEntries(gateway)
      return all.length > entries ? all[0] : undefined
    })
    expect(entry).toMatchObject({
      outcome: 'client_aborted',
      error: 'gateway_client_gone',
      stage: 'translate',
      usage: null,
    })
  })
})

describe('a document that the target does not fetch', () => {
  test('goes to a chat model as a file', async () => {
    answerAll()
    const source = { type: 'url', url: at('/paper.pdf') }
    const answer = await post(gateway, '/v1/messages', {
      model: 'chat/gpt-4.1',
      max_tokens: 10,
      messages: [{ role: 'user', content: [{ type: 'document', source, title: 'paper.pdf' }] }],
    })
    expect(answer.status).toBe(200)
    expect(sentText()).toContain(`"file_data":"data:application/pdf;base64,${pdf.toString('base64')}"`)
  })
})

describe('nothing is fetched', () => {
  const ownOrFetching = [
    ['of the same protocol', 'Chat', bytesOnly.chat.model],
    ['that fetches by itself', 'Chat', 'messages/claude-sonnet-4-5'],
    ['that fetches by itself', 'Messages', 'google-like/gemini-2.5-flash'],
    ['that fetches by itself', 'Responses', 'chat/gpt-4.1'],
  ] as const

  test.each(ownOrFetching)('for a target %s: %s to %s', async (_why, name, model) => {
    answerAll()
    const answer = await ask(clients[name], model, [at('/horse.png')])
    expect(answer.status).toBe(200)
    expect(sentText()).toContain(at('/horse.png'))
    expect(pictures.seen).toEqual([])
  })

  test('for a client whose key is wrong', async () => {
    answerAll()
    const { path, body } = clients.Messages
    const { model } = bytesOnly.gemini
    const answer = await fetch(gateway.url + path(model), {
      method: 'POST',
      headers: { authorization: 'Bearer tgw-sk-nobody', 'content-type': 'application/json' },
      body: JSON.stringify(body(model, [at('/horse.png')])),
    })
    expect(answer.status).toBe(401)
    expect(pictures.seen).toEqual([])
  })
})

/** What each client is told, in its own protocol, and where it finds the picture in its request. */
const refusals = {
  Chat: ['invalid_request_error', 'messages[0].content[1]'],
  Responses: ['invalid_request_error', 'input[0].content[1]'],
  Messages: ['invalid_request_error', 'messages.0.content.1'],
  Gemini: ['INVALID_ARGUMENT', 'contents[0].parts[1]'],
} as const satisfies Readonly<Record<ClientName, readonly [string, string]>>
const clientNames: readonly ClientName[] = ['Chat', 'Responses', 'Messages', 'Gemini']

/** What takes its pictures as bytes only, in another protocol than the client's. */
const targetOf = (name: ClientName): string =>
  name === 'Gemini' ? bytesOnly.chat.model : bytesOnly.gemini.model

const expectRefusal = async (
  to: TestGateway,
  name: ClientName,
  url: string,
  reason: string,
): Promise<void> => {
  answerAll()
  const client = clients[name]
  const answer = await ask(client, targetOf(name), [url], to)
  expect([url, answer.status]).toEqual([url, 400])
  expect(answer.headers.get('x-tollgate-error')).toBe('gateway_media_unavailable')
  const [, message] = client.error((await answer.json()) as never)
  expect(String(message)).toContain(reason)
  const { pathname, search } = new URL(url)
  if (pathname.length > 1) expect(String(message)).not.toContain(pathname + search)
  expect(upstream.seen).toEqual([])
  expect(await entryOf(to, answer)).toMatchObject({
    outcome: 'refused',
    status: 400,
    error: 'gateway_media_unavailable',
    stage: 'translate',
    usage: null,
  })
}

describe('a picture that cannot be fetched', () => {
  test.each(clientNames)('is refused as %s says it, with its place', async (name) => {
    const [kind, path] = refusals[name]
    answerAll()
    const client = clients[name]
    const answer = await ask(client, targetOf(name), [at('/gone.png')])
    expect(answer.status).toBe(400)
    const [said, message] = client.error((await answer.json()) as never)
    expect([said, message]).toEqual([
      kind,
      `${path}: media at pictures.test cannot be fetched: it answers with status 404`,
    ])
  })

  test('because it is too large, the name leads nowhere, or nobody answers', async () => {
    await expectRefusal(gateway, 'Messages', at('/large.png'), 'it is larger than 20971520 bytes')
    await expectRefusal(gateway, 'Messages', at('/x.png', 'nowhere.test'), 'it is no public address')
    await expectRefusal(gateway, 'Messages', 'http://pictures.test:1/x.png', 'it cannot be reached')
  })

  test('because a public name leads inside, at once, in part, or by a redirect', async () => {
    const inside = 'it is no public address'
    await expectRefusal(gateway, 'Chat', at('/horse.png', 'inside.test'), inside)
    await expectRefusal(gateway, 'Chat', at('/horse.png', 'half-inside.test'), inside)
    await expectRefusal(gateway, 'Chat', at('/horse.png', '127.0.0.2'), inside)
    expect(pictures.seen).toEqual([])
    await expectRefusal(gateway, 'Chat', at('/moved-inside.png'), inside)
    await expectRefusal(gateway, 'Chat', at('/moved-to-metadata.png'), inside)
    expect(pictures.seen.map(({ path }) => path)).toEqual(['/moved-inside.png', '/moved-to-metadata.png'])
  })
})

describe('the gateway as it is shipped', () => {
  const hosts = [
    '127.0.0.1',
    'localhost',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '[::]',
  ]
  test.each(clientNames)('fetches nothing from its own machine or a private network for %s', async (name) => {
    const addresses = hosts.map((host) => at('/horse.png', host))
    for (const url of [...addresses, 'http://169.254.169.254/latest/meta-data', 'http://10.0.0.1/x.png']) {
      await expectRefusal(shipped, name, url, 'it is no public address')
    }
    expect(pictures.seen).toEqual([])
  })
})
