/** The requests of the bench as raw HTTP. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const chat = (content: string, stream: boolean, model = 'gpt-5.1'): string =>
  JSON.stringify({
    model,
    messages: [{ role: 'user', content }],
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  })

/** About 100 KB as agents send it: text with line ends and quotes, tools, a history. */
const agentBody = (): string =>
  JSON.stringify({
    model: 'gpt-5.1',
    messages: Array.from({ length: 40 }, (_, index) => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: `line "${index}" of a file\n\tconst x = [1, 2, 3]\n`.repeat(44),
    })),
    tools: Array.from({ length: 16 }, (_, index) => ({
      type: 'function',
      function: {
        name: `tool_${index}`,
        description: 'does a thing. '.repeat(40),
        parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
      },
    })),
  })

/**
 * Requests of an agent at work: about 100 KB, of which the last 4 KB, a piece of a program, are new each time. The history
 * is the same text all along, so that every one is as long as the other.
 */
export const growingRequests = (key: string): (() => Buffer) => {
  const { messages, ...rest } = JSON.parse(agentBody()) as { messages: readonly object[] }
  const mark = '@@NEW@@'
  const body = JSON.stringify({
    ...rest,
    messages: [...messages.slice(2), { role: 'tool', tool_call_id: 'call_1', content: mark }],
  })
  const [before = '', after = ''] = body.split(mark)
  const sources = sourceText()
  let at = 0
  return () => {
    at = (at + 4_099) % (sources.length - 4_096)
    const news = JSON.stringify(sources.slice(at, at + 4_096)).slice(1, -1)
    return post(paths.chat, key, before + news + after, [])
  }
}

/** What agents read most: files of a program; not those that are tables of words and numbers. */
const sourceText = (): string => {
  const folder = join(import.meta.dir, '../src')
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts') && !name.startsWith('firewall'))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
    .replaceAll(/[^\n -~]/g, '')
}

/** The same agent's request in another protocol, to be translated. Tools and history are of the same size. */
const translatable = (model: string, streams: boolean, size: 'small' | 'large') => {
  const text = (index: number): string =>
    size === 'small' ? 'hello' : `line "${index}" of a file\n\tconst x = [1, 2, 3]\n`.repeat(44)
  const turns = Array.from({ length: size === 'small' ? 1 : 39 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: text(index),
  }))
  const tools = Array.from({ length: size === 'small' ? 0 : 16 }, (_, index) => ({
    name: `tool_${index}`,
    description: 'does a thing. '.repeat(40),
    schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  }))
  const stream = streams ? { stream: true } : {}
  const some = tools.length > 0
  return {
    messages: {
      model,
      max_tokens: 1000,
      ...stream,
      messages: turns,
      ...(some && {
        tools: tools.map(({ name, description, schema }) => ({ name, description, input_schema: schema })),
      }),
    },
    chat: {
      model,
      ...stream,
      messages: turns,
      ...(some && {
        tools: tools.map(({ name, description, schema }) => ({
          type: 'function',
          function: { name, description, parameters: schema },
        })),
      }),
    },
    responses: {
      model,
      store: false,
      ...stream,
      input: turns,
      ...(some && {
        tools: tools.map(({ name, description, schema }) => ({
          type: 'function',
          name,
          description,
          parameters: schema,
          strict: false,
        })),
      }),
    },
  }
}

const paths = { chat: '/v1/chat/completions', messages: '/v1/messages', responses: '/v1/responses' } as const

export type Speaks = keyof typeof paths

const models: Readonly<Record<Speaks, string>> = {
  chat: 'chat-bench',
  messages: 'claude-bench',
  responses: 'resp-bench',
}

/** What a client of one protocol sends to a model that speaks another. Equal protocols: what the floor forwards. */
export const translatedRequest = (
  key: string,
  client: Speaks,
  upstream: Speaks,
  kind: 'whole' | 'stream' | 'frames' | 'large',
): Buffer => {
  const streams = kind === 'stream' || kind === 'frames'
  const model = `${models[upstream]}${streams ? `-${kind}` : ''}`
  const body = JSON.stringify(translatable(model, streams, kind === 'large' ? 'large' : 'small')[client])
  return post(paths[client], key, body, [])
}

/** A request as bytes on the wire. */
export const post = (path: string, key: string, body: string, headers: readonly string[]): Buffer => {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    'user-agent: bench',
    `authorization: Bearer ${key}`,
    ...headers,
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

export const requestFor = (key: string, kind: 'small' | 'large' | 'stream' | 'slow'): Buffer => {
  const body = kind === 'large' ? agentBody() : chat('hello', kind !== 'small')
  return post(paths.chat, key, body, kind === 'stream' || kind === 'slow' ? [`x-bench: ${kind}`] : [])
}

/** A small request, whole, for a model that a route names. */
export const routedRequest = (key: string, model: string): Buffer =>
  post(paths.chat, key, chat('hello', false, model), [])
