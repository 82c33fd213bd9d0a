import type { WholeReply } from '../../pipeline/index.ts'
import { formatFrame, type SseFrame } from '../../wire/index.ts'

const encoder = new TextEncoder()

/** An answer of the gateway's own. */
export const jsonReply = (json: string, exchange: string): WholeReply =>
  localReply(json, exchange, { 'content-type': 'application/json' })

export const streamReply = (frames: readonly SseFrame[], exchange: string): WholeReply =>
  localReply(frames.map(formatFrame).join(''), exchange, streamHeaders)

export const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
} as const

const localReply = (
  text: string,
  exchange: string,
  headers: Readonly<Record<string, string>>,
): WholeReply => {
  const body = encoder.encode(text)
  return {
    status: 200,
    headers: new Headers({ ...headers, 'x-tollgate-request-id': exchange }),
    body,
    outcome: { result: 'success', status: 200, responseBytes: body.byteLength },
  }
}
