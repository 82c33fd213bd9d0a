import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createLineReader, createLineWriter, type LineReader, type LineWriter } from './line-socket.ts'
import { memoryState } from './memory.ts'
import type { State } from './state.ts'
import { callsOf, longestLine, mostWaiting, packed, wireVersion } from './supervisor-calls.ts'

export interface StateServerOptions {
  /** A folder that only its owner can enter; where its path is too long for a socket, a temporary one is used. */
  readonly folder: string
  /** What is served; default a state of its own. */
  readonly state?: State
  /** A worker was cut off because it said what cannot be understood, or does not listen. */
  readonly onProblem?: (message: string) => void
}

export interface StateServer {
  /** Where workers connect to. */
  readonly path: string
  stop(): void
}

interface Peer {
  readonly reader: LineReader
  readonly writer: LineWriter
  readonly replies: string[]
  readonly channels: Map<string, () => void>
  isGreeted: boolean
  isFlushing: boolean
  isOver: boolean
}

type Socket = Bun.Socket<Peer | undefined>

/**
 * Serves a state to the workers of this machine over a Unix socket that only its owner can open. Whatever a worker says,
 * nothing is thrown here: a call that fails is answered so, and what cannot be understood ends the connection.
 */
export const serveState = ({
  folder,
  state = memoryState(),
  onProblem = () => undefined,
}: StateServerOptions): StateServer => {
  const calls = callsOf(state)

  const flush = (socket: Socket, peer: Peer): void => {
    peer.isFlushing = false
    const line = `[${peer.replies.splice(0).join(',')}]`
    guarded(socket, () => peer.writer.write(line))
  }
  const say = (socket: Socket, peer: Peer, message: string): void => {
    if (peer.isOver) return
    peer.replies.push(message)
    if (peer.isFlushing) return
    peer.isFlushing = true
    setImmediate(flush, socket, peer)
  }
  const listen = (socket: Socket, peer: Peer, channel: string): void => {
    if (peer.channels.has(channel)) return
    const tell = (text: string): void => say(socket, peer, JSON.stringify([0, channel, text]))
    peer.channels.set(channel, state.subscribe(channel, tell))
  }
  const work = async (socket: Socket, peer: Peer, name: string, parameters: readonly unknown[]) => {
    const [first] = parameters
    if (name === 'hello') {
      if (first !== wireVersion) throw new Error(`it speaks version ${wireVersion}: restart the gateway`)
      peer.isGreeted = true
      return true
    }
    if (!peer.isGreeted) throw new Error('the first call is not `hello`')
    if (name === 'subscribe') {
      listen(socket, peer, String(first))
      return true
    }
    const call = calls.get(name)
    if (call === undefined) throw new Error('it does not know how: restart the gateway')
    return Reflect.apply(call, state, parameters)
  }
  const hear = (socket: Socket, peer: Peer, message: unknown): void => {
    const [id, name, ...parameters]: readonly unknown[] = Array.isArray(message) ? message : []
    if (typeof id !== 'number' || typeof name !== 'string') throw new Error('a message is no call')
    work(socket, peer, name, parameters).then(
      (value) => say(socket, peer, JSON.stringify([id, packed(value)])),
      (error) => say(socket, peer, JSON.stringify([id, null, reasonOf(error)])),
    )
  }
  const guarded = (socket: Socket, work: () => void): void => {
    try {
      work()
    } catch (error) {
      onProblem(`a worker is cut off from the shared state: ${reasonOf(error)}`)
      socket.terminate()
    }
  }
  const forget = ({ data: peer }: Socket): void => {
    if (peer === undefined) return
    peer.isOver = true
    for (const unsubscribe of peer.channels.values()) unsubscribe()
    peer.channels.clear()
  }

  const place = socketPlace(folder)
  rmSync(place.path, { force: true })
  // The socket is made with what the mask leaves, so that nobody else can connect even for a moment.
  const mask = process.umask(0o177)
  let server: Bun.UnixSocketListener<Peer | undefined>
  try {
    server = Bun.listen<Peer | undefined>({
      unix: place.path,
      socket: {
        open(socket) {
          socket.data = {
            reader: createLineReader(longestLine),
            writer: createLineWriter(socket, mostWaiting),
            replies: [],
            channels: new Map(),
            isGreeted: false,
            isFlushing: false,
            isOver: false,
          }
        },
        data(socket, block) {
          const peer = socket.data
          if (peer === undefined) return
          guarded(socket, () => {
            for (const line of peer.reader.push(block)) {
              const messages: unknown = JSON.parse(line)
              if (!Array.isArray(messages)) throw new Error('a line is no list')
              for (const message of messages) hear(socket, peer, message)
            }
          })
        },
        drain(socket) {
          guarded(socket, () => socket.data?.writer.drain())
        },
        close: forget,
        error: forget,
      },
    })
  } finally {
    process.umask(mask)
  }
  chmodSync(place.path, 0o600)
  return {
    path: place.path,
    stop() {
      server.stop(true)
      state.close()
      rmSync(place.path, { force: true })
      place.remove()
    },
  }
}

/** The system's own bound is 104 bytes or more. */
const longestPath = 100

const socketPlace = (folder: string): { readonly path: string; remove(): void } => {
  const path = join(folder, 'state.sock')
  if (Buffer.byteLength(path) <= longestPath) return { path, remove: () => undefined }
  // Made with a name that nobody can guess, and 0700.
  const short = join(mkdtempSync(join(shortTemporary(), 'tgw-')), 'state.sock')
  return { path: short, remove: () => rmSync(dirname(short), { recursive: true, force: true }) }
}

const shortTemporary = (): string => (Buffer.byteLength(tmpdir()) <= longestPath - 30 ? tmpdir() : '/tmp')

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown reason')
