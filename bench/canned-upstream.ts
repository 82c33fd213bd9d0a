/**
 * A provider made of canned bytes on a raw socket, so that it costs next to nothing beside what is measured.
 * Streams are written in one go, ten frames a chunk; for `…-frames` one frame a write, as a model writes them; for
 * `/slow` one frame each interval.
 */
import { type CannedProtocol, canned, slowFrame } from './canned-answers.ts'

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

const wholeAnswer = (body: string): Buffer =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
const streamHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

/** Ten frames per chunk, as they arrive from a busy provider. */
const streamAnswer = (frames: readonly string[]): Buffer => {
  const chunks: string[] = []
  for (let at = 0; at < frames.length; at += 10) chunks.push(chunk(frames.slice(at, at + 10).join('')))
  return Buffer.from(`${streamHead}${chunks.join('')}0\r\n\r\n`)
}

const answersOf = (protocol: CannedProtocol) => ({
  whole: wholeAnswer(canned[protocol].whole),
  stream: streamAnswer(canned[protocol].stream),
})
const answers = {
  chat: answersOf('chat'),
  messages: answersOf('messages'),
  responses: answersOf('responses'),
}
const framesOf = (protocol: CannedProtocol): readonly Buffer[] => [
  Buffer.from(streamHead),
  ...canned[protocol].stream.map((frame) => Buffer.from(chunk(frame))),
  Buffer.from('0\r\n\r\n'),
]
const framed = { chat: framesOf('chat'), messages: framesOf('messages'), responses: framesOf('responses') }
const end = Buffer.from(`${chunk(canned.chat.stream.slice(-3).join(''))}0\r\n\r\n`)

interface State {
  need: number
  head: string
  protocol: CannedProtocol
  streams: boolean
  slow: boolean
  /** One write for each frame. */
  framed: boolean
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
        socket.data = {
          need: 0,
          head: '',
          protocol: 'chat',
          streams: false,
          slow: false,
          framed: false,
          unsent: Buffer.alloc(0),
        }
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
            state.protocol = protocolOf(head)
            // Headers of a client do not survive a translation, the name of the model does.
            state.streams =
              state.slow || head.includes('x-bench: stream') || rest.subarray(0, 400).includes('bench-stream')
            state.framed = rest.subarray(0, 400).includes('bench-frames')
            state.streams ||= state.framed
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

const protocolOf = (head: string): CannedProtocol =>
  head.startsWith('POST /v1/messages')
    ? 'messages'
    : head.startsWith('POST /v1/responses')
      ? 'responses'
      : 'chat'

const answer = (socket: Bun.Socket<State>, state: State): void => {
  if (!state.streams) {
    send(socket, answers[state.protocol].whole)
    return
  }
  if (state.framed) {
    sendFrames(socket, state.protocol)
    return
  }
  if (!state.slow) {
    send(socket, answers[state.protocol].stream)
    return
  }
  send(socket, Buffer.from(streamHead))
  let sent = 0
  const timer = setInterval(() => {
    if (sent++ < 10) send(socket, Buffer.from(chunk(slowFrame)))
    else {
      clearInterval(timer)
      send(socket, end)
    }
  }, slowInterval)
}

/** One frame for each turn of the loop, and all streams in turn: nobody's frames are joined on the way. */
const sendFrames = (socket: Bun.Socket<State>, protocol: CannedProtocol): void => {
  const chunks = framed[protocol]
  let at = 0
  const next = (): void => {
    const bytes = chunks[at++]
    if (bytes === undefined) return
    send(socket, bytes)
    setImmediate(next)
  }
  next()
}

if (import.meta.main) console.log(startCannedUpstream().port)
