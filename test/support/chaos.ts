import { createServer, type Server, type Socket } from 'node:net'

/** Ways in which a provider fails, on a real socket. */
export const faults = [
  'refuse',
  'reset',
  'stall',
  'stall-in-stream',
  'rate-limit',
  'error-500',
  'error-event',
  'truncated-json',
  'wrong-content-type',
] as const

export type Fault = (typeof faults)[number]

/** A provider of chat completions that fails as it is told; it counts what it is asked. */
export interface ChaosUpstream {
  readonly url: string
  /** Calls that reached it. */
  calls: number
  /** Answers that it gave in full. */
  answered: number
  /** Sets how it fails from now on; undefined heals it. `refuse` closes the port and every connection. */
  become(fault: Fault | undefined): Promise<void>
  stop(): Promise<void>
}

const answer = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'whole answer' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
})

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const opening = chunk({ role: 'assistant', content: '' })
const content = chunk({ content: 'streamed ' })
const ending = `${chunk({ content: 'answer' })}${chunk({}, 'stop')}data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })}\n\ndata: [DONE]\n\n`

/** What a client sees of an answer that is complete. */
export const isCompleteAnswer = (text: string): boolean =>
  text.includes('whole answer') || (text.includes('streamed ') && text.includes('[DONE]'))

const head = (status: string, type: string, length?: number, more = ''): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\n${length === undefined ? 'transfer-encoding: chunked' : `content-length: ${length}`}\r\n${more}\r\n`

const chunked = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

export const startChaosUpstream = async (): Promise<ChaosUpstream> => {
  let fault: Fault | undefined
  let port = 0
  let server: Server | undefined
  const sockets = new Set<Socket>()

  const reply = (socket: Socket, streams: boolean): void => {
    upstream.calls++
    switch (fault) {
      case 'reset':
        socket.resetAndDestroy()
        return
      case 'stall':
        return
      case 'stall-in-stream':
        if (streams) socket.write(head('200 OK', 'text/event-stream') + chunked(opening + content))
        return
      case 'rate-limit': {
        const body = '{"error":{"message":"slow down","type":"rate_limit_error","code":null,"param":null}}'
        socket.write(head('429 Too Many', 'application/json', body.length, 'retry-after: 1\r\n') + body)
        return
      }
      case 'error-500': {
        const body = '{"error":{"message":"oops","type":"server_error","code":null,"param":null}}'
        socket.write(head('500 Oops', 'application/json', body.length) + body)
        return
      }
      case 'error-event': {
        const body = 'data: {"error":{"message":"overloaded","type":"server_error","code":null}}\n\n'
        if (streams) socket.write(`${head('200 OK', 'text/event-stream')}${chunked(opening + body)}0\r\n\r\n`)
        else socket.write(`${head('503 Busy', 'application/json', 2)}{}`)
        return
      }
      case 'truncated-json':
        if (streams) socket.end(head('200 OK', 'text/event-stream') + chunked(opening))
        else socket.end(head('200 OK', 'application/json', 40) + answer.slice(0, 40))
        return
      case 'wrong-content-type': {
        const body = '<html><body>Bad gateway</body></html>'
        socket.write(head('200 OK', 'text/html', body.length) + body)
        return
      }
      default:
        upstream.answered++
        if (streams) {
          socket.write(head('200 OK', 'text/event-stream') + chunked(opening + content))
          setTimeout(() => socket.write(`${chunked(ending)}0\r\n\r\n`), 2)
        } else socket.write(head('200 OK', 'application/json', answer.length) + answer)
    }
  }

  const listen = async (): Promise<void> => {
    server = createServer((socket) => {
      sockets.add(socket)
      let text = ''
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1')
        for (;;) {
          const end = text.indexOf('\r\n\r\n')
          if (end < 0) return
          const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
          if (text.length < end + 4 + length) return
          const body = text.slice(end + 4, end + 4 + length)
          text = text.slice(end + 4 + length)
          reply(socket, body.includes('"stream":true'))
        }
      })
    })
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
    const address = server.address()
    port = typeof address === 'object' && address !== null ? address.port : port
  }
  const close = async (): Promise<void> => {
    const closing = server
    server = undefined
    for (const socket of sockets) socket.resetAndDestroy()
    await new Promise<void>((resolve) => (closing === undefined ? resolve() : closing.close(() => resolve())))
  }

  await listen()
  const upstream: ChaosUpstream = {
    url: `http://127.0.0.1:${port}`,
    calls: 0,
    answered: 0,
    async become(next) {
      if (next === 'refuse') await close()
      else if (server === undefined) await listen()
      fault = next
    },
    stop: close,
  }
  return upstream
}
