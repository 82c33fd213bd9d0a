import type { StoredAnswer } from '../../cache/index.ts'
import type { CanonicalError, GenerateRequest, GenerateResponse } from '../../ir/index.ts'
import type { WholeReply } from '../../pipeline/index.ts'
import type { GenerateCodec } from '../../protocols/index.ts'
import { encodeAnswer, RefusedAnswer, translateAnswer } from '../../translation/index.ts'
import { screenedAnswer } from '../screen-answers/index.ts'
import { clientFraming, replyContext } from '../translate/index.ts'
import type { CacheExchange } from './cache-exchange.ts'

/**
 * A kept answer in the client's words, whole or as the stream that it asked for. It is judged and gets its values back
 * as if a provider had given it just now.
 * @param asked the request as it goes to providers
 */
export const replayedReply = async (
  exchange: CacheExchange,
  codec: GenerateCodec,
  asked: GenerateRequest,
  { response }: StoredAnswer,
): Promise<WholeReply> => {
  const { screen, session } = exchange
  let answer: GenerateResponse
  try {
    answer = translateAnswer(response, { answerMachines: screen.machines })
  } catch (error) {
    if (error instanceof RefusedAnswer) return refused(exchange, error.error)
    throw error
  }
  const gate = screen.gate()
  if (gate !== undefined) {
    const judged = await screenedAnswer(gate, answer)
    if (screen.isGated) {
      if (judged.error !== undefined) return refused(exchange, judged.error)
      answer = judged.response
    }
  }
  const echoed =
    screen.original === undefined || screen.original === exchange.request
      ? asked
      : codec.decodeRequest(screen.original)
  const said = encodeAnswer(answer, {
    client: session?.draft?.watch(codec) ?? codec,
    reply: replyContext(exchange, { ...echoed, ...session?.echoed }),
    framing: clientFraming(exchange),
    // Only what every protocol can say is said in another one.
    losses: { warn: () => undefined },
  })
  return whole(new Headers(said.headers), said.body, response.model)
}

const whole = (headers: Headers, text: string, model: string | undefined): WholeReply => {
  const body = new TextEncoder().encode(text)
  return {
    status: 200,
    headers,
    body,
    outcome: {
      result: 'success',
      status: 200,
      facts: { ...(model === undefined ? {} : { model }), ended: 'complete', handles: [] },
      responseBytes: body.byteLength,
    },
  }
}

const refused = ({ protocol, id }: CacheExchange, error: CanonicalError): WholeReply => {
  const encoded = protocol.errors.encode(error, { requestId: id })
  const body = new TextEncoder().encode(encoded.body)
  const headers = new Headers(encoded.headers)
  if (error.code !== undefined) headers.set('x-tollgate-error', error.code)
  const { status } = encoded
  return {
    status,
    headers,
    body,
    outcome: { result: 'refused', status, error, responseBytes: body.byteLength },
  }
}
