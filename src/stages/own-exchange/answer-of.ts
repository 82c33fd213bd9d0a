import { GatewayError, toGatewayError } from '../../errors.ts'
import { type Exchange, isWhole, type Outcome, type Reply, whenSettled } from '../../pipeline/index.ts'

/** An answer's bytes, as a client would get them. */
export interface AnswerBytes {
  readonly headers: Headers
  readonly isStreamed: boolean
  readonly pieces: readonly Uint8Array[]
}

/** What an exchange of the gateway's own came to: an answer, or our error code or the status of a refusal. */
export type Answer = { readonly endedAt: number } & (
  | { readonly bytes: AnswerBytes }
  | { readonly error: string }
)

export interface AnswerOfParts {
  /** The whole gateway. */
  readonly run: (exchange: Exchange) => Promise<Reply>
  readonly now: () => number
}

/** Runs an exchange of the gateway's own to its end. Never throws. */
export const answerOf = async ({ run, now }: AnswerOfParts, exchange: Exchange): Promise<Answer> => {
  try {
    const reply = await run(exchange)
    const { headers } = reply
    let outcome: Outcome | undefined
    void whenSettled(reply, (settled) => {
      outcome = settled
    })
    const pieces = isWhole(reply) ? [reply.body] : await drain(reply.body, exchange.signal)
    const endedAt = now()
    if (outcome?.result !== 'success') return { endedAt, error: errorOf(outcome, reply.status) }
    return { endedAt, bytes: { headers, isStreamed: !isWhole(reply), pieces } }
  } catch (error) {
    const { code } = toGatewayError(error)
    return { endedAt: now(), error: exchange.signal.aborted ? 'aborted' : code }
  }
}

const errorOf = (outcome: Outcome | undefined, status: number): string =>
  outcome?.error?.code ?? outcome?.error?.type ?? `status ${status}`

/** A target that streams though it was not asked to. */
const drain = async (
  body: Extract<Reply['body'], { next: unknown }>,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> => {
  const pieces: Uint8Array[] = []
  const leave = (): void => body.cancel()
  signal.addEventListener('abort', leave, { once: true })
  try {
    for (let bytes = 0; bytes <= mostBytes; ) {
      const piece = await body.next()
      if (piece === undefined) return pieces
      bytes += piece.byteLength
      pieces.push(piece)
    }
  } finally {
    signal.removeEventListener('abort', leave)
  }
  body.cancel()
  throw new GatewayError('gateway_upstream_invalid', 'the answer to an exchange of our own is too long')
}

const mostBytes = 16 * 1024 * 1024
