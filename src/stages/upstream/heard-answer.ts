import { type CanonicalError, collect, type GenerateResponse } from '../../ir/index.ts'
import type { AnswerFacts, WireResponse } from '../../protocols/index.ts'
import { frameSplitter, sseDecoder } from '../../wire/index.ts'
import type { GenerateTranslation, Translation } from '../translate/index.ts'

export const isEventStream = ({ status, headers }: Pick<Response, 'status' | 'headers'>): boolean =>
  status < 400 && headers.get('content-type')?.includes('text/event-stream') === true

export const unreadable: CanonicalError = {
  kind: 'upstream',
  code: 'gateway_upstream_invalid',
  message: 'the provider answered with something that is not its protocol',
}

/** What is metered of a body that was read whole, be it an answer or a stream that nobody asked for. */
export const factsOf = ({ upstream, operation }: Translation, wire: WireResponse): AnswerFacts => {
  if (!isEventStream(wire)) return upstream.meterBody(wire.body, operation)
  const meter = upstream.meterStream({ framing: 'sse', hideUsage: false, conform: false })
  const splitter = frameSplitter()
  for (const block of [...splitter.push(wire.body), ...splitter.end()]) meter.push(block)
  return meter.facts()
}

/**
 * The same as the provider has said it.
 * @throws SyntaxError or GatewayError where it is nothing of the provider's protocol
 */
export const heardAnswer = (translation: GenerateTranslation, wire: WireResponse): GenerateResponse => {
  const { upstream, upstreamCodec } = translation
  if (!isEventStream(wire)) return upstreamCodec.decodeResponse(wire)
  const frames = sseDecoder()
  const decoder = upstreamCodec.streamDecoder()
  const events = [...frames.push(wire.body), ...frames.end()].flatMap((frame) => decoder.push(frame))
  return collect(upstream.id, [...events, ...decoder.end()]).response
}
