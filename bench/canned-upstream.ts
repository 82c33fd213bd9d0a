/**
 * A provider made of canned bytes on a raw socket, so that it costs next to nothing beside what is measured.
 * Streams are written frame by frame at once, or, for `/slow`, one frame each interval.
 */
const frames = 300
const wholeBody = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5.1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello there' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
})
const whole = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${wholeBody.length}\r\n\r\n${wholeBody}`,
)

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const delta = (content: string): string =>
  `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"gpt-5.1","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}],"usage":null}\n\n`
const tail =
  'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"gpt-5.1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n' +
  'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"gpt-5.1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":300,"total_tokens":309}}\n\ndata: [DONE]\n\n'
const streamHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

const fastStream = Buffer.concat([
  Buffer.from(streamHead),
  // Ten frames per chunk, as they arrive from a busy provider.
  ...Array.from({ length: frames / 10 }, () => Buffer.from(chunk(delta('word ').repeat(10)))),
  Buffer.from(`${chunk(tail)}0\r\n\r\n`),
])
const end = Buffer.from(`${chunk(tail)}0\r\n\r\n`)

interface State {
  need: number
  head: string
  streams: boolean
  slow: boolean
  /** What the socket has not taken yet. */
  unsent: Buffer
}

/** Milliseconds between two frames of a slow stream. */
const slowInterval = 1000

export const startCannedUpstream = () =>
  Bun.listen<State>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        socket.data = { need: 0, head: '', streams: false, slow: false, unsent: Buffer.alloc(0) }
      },
      drain: (socket) => send(socket, Buffer.alloc(0)),
      data(socket, data) {
        const state = socket.data
        let rest: Buffer = data
        while (rest.length > 0) {
          if (state.need === 0) {
            state.head += rest.toString('latin1')
            const split = state.head.indexOf('\r\n\r\n')
            if (split < 0) return
            const head = state.head.slice(0, split)
            rest = Buffer.from(state.head.slice(split + 4), 'latin1')
            state.head = ''
            state.need = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
            state.slow = head.startsWith('POST /slow') || head.includes('x-bench: slow')
            state.streams = state.slow || head.includes('x-bench: stream')
            if (state.need === 0) answer(socket, state)
          }
          const taken = Math.min(rest.length, state.need)
          state.need -= taken
          rest = rest.subarray(taken)
          if (taken > 0 && state.need === 0) answer(socket, state)
        }
      },
    },
  })

/** A socket takes what fits; the rest waits for `drain`. */
const send = (socket: Bun.Socket<State>, bytes: Buffer): void => {
  const { unsent } = socket.data
  const all = unsent.length === 0 ? bytes : Buffer.concat([unsent, bytes])
  const taken = all.length === 0 ? 0 : Math.max(0, socket.write(all))
  socket.data.unsent = all.subarray(taken)
}

const answer = (socket: Bun.Socket<State>, state: State): void => {
  if (!state.streams) {
    send(socket, whole)
    return
  }
  if (!state.slow) {
    send(socket, fastStream)
    return
  }
  send(socket, Buffer.from(streamHead))
  let sent = 0
  const timer = setInterval(() => {
    if (sent++ < 10) send(socket, Buffer.from(chunk(delta('slow '))))
    else {
      clearInterval(timer)
      send(socket, end)
    }
  }, slowInterval)
}

if (import.meta.main) console.log(startCannedUpstream().port)
