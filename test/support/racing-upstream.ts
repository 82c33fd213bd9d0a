import { createServer, type Socket } from 'node:net'

/** What a provider does with one call. Delays in milliseconds. */
export interface Behaviour {
  /** Before the head of the answer. */
  readonly head?: number
  /** Between head and first content; keep-alive events go out in between. Streams only. */
  readonly content?: number
  /** Between first content and end; a whole answer has sent half of its bytes. */
  readonly end?: number
  /** Instead of an answer. */
  readonly fails?: 400 | 500 | 'reset' | 'error-event'
}

/** One call as the provider saw it. */
export interface RacedCall {
  /** The last words of the user, by which tests know the exchange. */
  readonly marker: string
  /** What the answer says, unlike every other. */
  readonly says: string
  /** The last byte of an answer went out. */
  finished: boolean
  /** The connection is gone, or free for another call. */
  over: boolean
}

/** A provider of chat completions on a real socket, which knows what became of each call and its connection. */
export interface RacingUpstream {
  readonly url: string
  readonly calls: RacedCall[]
  behave: (call: { readonly marker: string; readonly streams: boolean; readonly number: number }) => Behaviour
  /** Calls whose connection is still open and whose answer has not ended. */
  underWay(): number
  stop(): Promise<void>
}

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const usage = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 }

const chunked = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

/** @param name begins what it says */
export const startRacingUpstream = async (name: string): Promise<RacingUpstream> => {
  const sockets = new Set<Socket>()
  const open = new WeakMap<Socket, RacedCall[]>()
  const wait = (milliseconds: number | undefined): Promise<void> =>
    milliseconds === undefined || milliseconds === 0 ? Promise.resolve() : Bun.sleep(milliseconds)

  const answer = async (socket: Socket, body: string): Promise<void> => {
    const asked: { stream?: boolean; messages: { content: string }[] } = JSON.parse(body)
    const streams = asked.stream === true
    const number = upstream.calls.length + 1
    const marker = asked.messages.at(-1)?.content ?? ''
    const call: RacedCall = { marker, says: `${name}#${number};`, finished: false, over: false }
    upstream.calls.push(call)
    open.get(socket)?.push(call)
    const write = (text: string): void => {
      if (!socket.destroyed) socket.write(text)
    }
    const { head, content, end, fails } = upstream.behave({ marker, streams, number })
    await wait(head)
    if (fails === 'reset') {
      socket.resetAndDestroy()
      return
    }
    if (fails === 400 || fails === 500) {
      const error = `{"error":{"message":"no ${call.says}","type":"server_error","code":null,"param":null}}`
      write(
        `HTTP/1.1 ${fails} No\r\ncontent-type: application/json\r\ncontent-length: ${error.length}\r\n\r\n${error}`,
      )
    } else if (streams) {
      write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n')
      write(chunked(chunk({ role: 'assistant', content: '' })))
      if (fails === 'error-event') {
        write(chunked('data: {"error":{"message":"busy","type":"server_error","code":null}}\n\n'))
      } else {
        // More events than a head waits for when nobody races.
        for (let event = 0; event < 12; event++) write(chunked(chunk({})))
        await wait(content)
        write(chunked(chunk({ content: call.says })))
        await wait(end)
        write(chunked(chunk({}, 'stop')))
        write(
          chunked(
            `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage })}\n\n`,
          ),
        )
        write(chunked('data: [DONE]\n\n'))
      }
      write('0\r\n\r\n')
    } else {
      const text = JSON.stringify({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content: call.says }, finish_reason: 'stop' }],
        usage,
      })
      const half = Math.floor(text.length / 2)
      write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text.slice(0, half)}`,
      )
      await wait(end)
      write(text.slice(half))
    }
    if (socket.destroyed) return
    call.finished = fails === undefined
    call.over = true
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    let text = ''
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      for (const call of open.get(socket) ?? []) call.over = true
    })
    open.set(socket, [])
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      for (;;) {
        const end = text.indexOf('\r\n\r\n')
        if (end < 0) return
        const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
        if (text.length < end + 4 + length) return
        const body = text.slice(end + 4, end + 4 + length)
        text = text.slice(end + 4 + length)
        void answer(socket, body)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const upstream: RacingUpstream = {
    url: `http://127.0.0.1:${port}`,
    calls: [],
    behave: () => ({}),
    underWay: () => upstream.calls.filter(({ over }) => !over).length,
    async stop() {
      for (const socket of sockets) socket.resetAndDestroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return upstream
}
