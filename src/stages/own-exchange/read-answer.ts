import { collect, type GenerateResponse } from '../../ir/index.ts'
import type { Protocol } from '../../protocols/index.ts'
import { jsonArraySplitter, parseElement, type SseFrame, sseDecoder } from '../../wire/index.ts'
import { decoded } from '../upstream/index.ts'
import type { AnswerBytes } from './answer-of.ts'

/** An answer as it is to be understood. Undefined where that is no whole answer of the protocol. */
export const readAnswer = (
  { id, generate }: Protocol,
  { headers, isStreamed, pieces }: AnswerBytes,
): GenerateResponse | undefined => {
  if (generate === undefined) return undefined
  try {
    if (!isStreamed) {
      const body = decoded(Buffer.concat(pieces), headers.get('content-encoding'))
      return body && generate.decodeResponse({ status: 200, headers, body })
    }
    const isEvents = headers.get('content-type')?.includes('text/event-stream') === true
    const decoder = generate.streamDecoder()
    const events = (isEvents ? eventFrames(pieces) : elementFrames(pieces)).flatMap((frame) =>
      decoder.push(frame),
    )
    const { response, error } = collect(id, [...events, ...decoder.end()])
    return error === undefined ? response : undefined
  } catch {
    // Whatever a provider makes up, it is no answer; the primary's client had to live with it.
    return undefined
  }
}

const eventFrames = (pieces: readonly Uint8Array[]): readonly SseFrame[] => {
  const frames = sseDecoder()
  return [...pieces.flatMap((piece) => frames.push(piece)), ...frames.end()]
}

const elementFrames = (pieces: readonly Uint8Array[]): readonly SseFrame[] => {
  const elements = jsonArraySplitter()
  return [...pieces.flatMap((piece) => elements.push(piece)), ...elements.end()].flatMap((piece) => {
    const frame = parseElement(piece)
    return frame === undefined ? [] : [frame]
  })
}
