import { type BodyStream, isWhole, type Outcome, type Reply, whenSettled } from '../../pipeline/index.ts'

/** An answer as it went to the client. */
export interface Captured {
  readonly outcome: Outcome
  /** When it was settled, in milliseconds since 1970. */
  readonly settledAt: number
  readonly headers: Headers
  readonly isStreamed: boolean
  readonly pieces: readonly Uint8Array[]
}

export interface CaptureParts {
  /** Bytes of one answer. */
  readonly most: number
  /** False when no more can be kept. */
  readonly hold: (bytes: number) => boolean
  readonly letGo: (bytes: number) => void
  readonly now: () => number
  /** Called once, when the client has it all: with undefined where too much would have to be kept. */
  readonly onEnd: (captured: Captured | undefined, letGo: () => void) => void
  /** Called once, instead, when the client does not get it all. */
  readonly onLoss: () => void
}

/** The same reply, remembered as it passes. Nothing is copied, and nothing waits. */
export const capture = (reply: Reply, parts: CaptureParts): Reply => {
  const memory = createMemory(parts)
  let outcome: Outcome | undefined
  let settledAt = 0
  let isOver = false
  const end = (): void => {
    if (isOver) return
    isOver = true
    const { headers } = reply
    const { pieces } = memory
    if (outcome !== undefined) {
      const captured = pieces && { outcome, settledAt, headers, isStreamed: !isWhole(reply), pieces }
      parts.onEnd(captured, memory.letGo)
      return
    }
    memory.letGo()
    parts.onLoss()
  }
  const lose = (): void => {
    outcome = undefined
    end()
  }
  void whenSettled(reply, (settled) => {
    outcome = settled
    settledAt = parts.now()
  })
  if (!isWhole(reply)) return { ...reply, body: watched(reply.body, { see: memory.keep, end, lose }) }
  memory.keep(reply.body)
  end()
  return reply
}

interface Memory {
  /** Undefined once there was too much. */
  readonly pieces: readonly Uint8Array[] | undefined
  readonly keep: (piece: Uint8Array) => void
  readonly letGo: () => void
}

const createMemory = ({ most, hold, letGo }: CaptureParts): Memory => {
  let pieces: Uint8Array[] | undefined = []
  let bytes = 0
  const forget = (): void => {
    pieces = undefined
    letGo(bytes)
    bytes = 0
  }
  return {
    get pieces() {
      return pieces
    },
    keep(piece) {
      if (pieces === undefined) return
      const { byteLength } = piece
      if (bytes + byteLength > most || !hold(byteLength)) return forget()
      bytes += byteLength
      pieces.push(piece)
    },
    letGo: forget,
  }
}

interface Watcher {
  readonly see: (piece: Uint8Array) => void
  readonly end: () => void
  readonly lose: () => void
}

const watched = (body: BodyStream, { see, end, lose }: Watcher): BodyStream => ({
  async next() {
    try {
      const piece = await body.next()
      if (piece === undefined) end()
      else see(piece)
      return piece
    } catch (error) {
      lose()
      throw error
    }
  },
  cancel() {
    body.cancel()
    lose()
  },
  ...(body.cut === undefined
    ? {}
    : {
        async cut(outputTokens: number) {
          lose()
          await body.cut?.(outputTokens)
        },
      }),
  onSettle: (hook) => body.onSettle(hook),
})
