import type { Outcome, WholeReply } from '../../pipeline/index.ts'
import { left } from './left.ts'

/** The end of a stream that nobody waits for any more before it has begun: its row tells what it used. */
export const clientLeft = (outcome: Outcome, signal: AbortSignal): WholeReply => {
  const { code, message } = left(signal, 'before the answer began', true)
  return {
    status: 499,
    headers: new Headers(),
    body: new Uint8Array(0),
    outcome: {
      ...outcome,
      result: 'client_aborted',
      status: 499,
      error: { kind: 'client_gone', code, message },
    },
  }
}
