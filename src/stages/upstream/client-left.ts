import type { Outcome, WholeReply } from '../../pipeline/index.ts'

/** The end of a stream whose client left before it had begun: nobody reads it, and its row tells what it used. */
export const clientLeft = (outcome: Outcome): WholeReply => ({
  status: 499,
  headers: new Headers(),
  body: new Uint8Array(0),
  outcome: {
    ...outcome,
    result: 'client_aborted',
    status: 499,
    error: {
      kind: 'client_gone',
      code: 'gateway_client_gone',
      message: 'the client left before the answer began',
    },
  },
})
