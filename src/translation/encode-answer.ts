import { type GenerateResponse, replay } from '../ir/index.ts'
import type { GenerateCodec, ReplyContext } from '../protocols/index.ts'
import { formatFrame } from '../wire/index.ts'
import type { Losses } from './losses.ts'
import { type StreamFraming, streamHeaders } from './stream-framing.ts'

/** What the client gets: a body, and headers that go with it. */
export interface EncodedAnswer {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export interface EncodeAnswerParts {
  readonly client: Pick<GenerateCodec, 'encodeResponse' | 'streamEncoder'>
  readonly reply: ReplyContext
  readonly framing: StreamFraming
  readonly losses: Pick<Losses, 'warn'>
}

/** An answer that is known whole, in the client's form: whole, or as the stream that it asked for. */
export const encodeAnswer = (answer: GenerateResponse, parts: EncodeAnswerParts): EncodedAnswer => {
  const { client, reply, framing, losses } = parts
  if (!reply.request.stream) {
    const encoded = client.encodeResponse(answer, reply)
    for (const { code, feature, path, reason } of encoded.warnings) losses.warn(code, feature, path, reason)
    return encoded
  }
  const machine = client.streamEncoder(reply)
  const frames = [...replay(answer).flatMap((event) => machine.push(event)), ...machine.end()]
  return {
    headers: streamHeaders(framing),
    body:
      framing === 'sse'
        ? frames.map(formatFrame).join('')
        : `[${frames.map((frame) => frame.data).join(',\r\n')}]`,
  }
}
