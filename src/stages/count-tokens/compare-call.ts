import { GatewayError } from '../../errors.ts'
import type { GenerateRequest, GenerateResponse, ProtocolId, Usage } from '../../ir/index.ts'
import { protocols } from '../../protocols/index.ts'
import type { AnswerCounter } from '../../translation/index.ts'
import { readAnswer } from '../own-exchange/index.ts'
import { type ComparedCounts, compareCounts } from './compare-counts.ts'

/** An answered upstream call. Crosses threads, so it is nothing but data. */
export interface AnsweredCall {
  /** That the provider speaks. */
  readonly protocol: ProtocolId
  readonly target: { readonly provider: string; readonly model: string }
  /** As the provider reported it. */
  readonly usage: Usage
  /** The body that went out; absent where it names what lies at the provider. */
  readonly sent: Uint8Array | undefined
  /** What the provider said: as it passed, or read already on its way to another protocol. */
  readonly said: SaidBytes | GenerateResponse
}

export interface SaidBytes {
  readonly headers: readonly (readonly [string, string])[]
  readonly isStreamed: boolean
  readonly bytes: Uint8Array
}

/** Reads what was sent and said, and counts it. Undefined where nothing can be compared. */
export const compareCall = async (
  counter: AnswerCounter,
  { protocol, target, usage, sent, said }: AnsweredCall,
): Promise<ComparedCounts | undefined> => {
  const response = 'bytes' in said ? responseOf(protocol, said) : said
  if (response === undefined) return undefined
  const request = sent && requestOf(protocol, target.model, sent)
  return compareCounts(counter, { request, response, usage, target })
}

const responseOf = (
  protocol: ProtocolId,
  { headers, isStreamed, bytes }: SaidBytes,
): GenerateResponse | undefined =>
  readAnswer(protocols[protocol], {
    headers: new Headers(headers.map(([name, value]): [string, string] => [name, value])),
    isStreamed,
    pieces: [bytes],
  })

/** The prompt of a body. Undefined where the provider takes more than the protocol says. */
const requestOf = (protocol: ProtocolId, model: string, body: Uint8Array): GenerateRequest | undefined => {
  try {
    return protocols[protocol].generate?.decodeRequest({
      method: 'POST',
      path: '',
      parameters: { model },
      query: new URLSearchParams(),
      headers: new Headers(),
      body,
    })
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}
