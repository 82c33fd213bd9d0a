import type { Catalog } from '../../catalog/index.ts'
import type { GenerateRequest, Part } from '../../ir/index.ts'
import { type AttemptExchange, runsTools } from '../attempts/index.ts'
import type { Translated } from '../translate/index.ts'

/** What an attempt can cost at most. */
export interface DemandBounds {
  /** Undefined where nothing bounds it; `reason` says why. */
  readonly inputTokens: number | undefined
  /** Answers that are asked for. */
  readonly candidates: number
  readonly reason?: string
}

/** No picture of any vendor counts more. */
const tokensPerImage = 10_000
/** What vendors put before a prompt that has tools. */
const toolOverhead = 1_000

type Sent = AttemptExchange & Translated

/**
 * A true bound: a text has no more tokens than bytes, a picture no more than any vendor counts, and no prompt more
 * than the model takes. What the provider itself adds to the prompt (its tools' results, what it keeps) is bounded by
 * nothing but that, and a tool that it runs asks the model again and again.
 */
export const trueBounds = (
  catalog: Pick<Catalog, 'capabilities' | 'knownServerTools'>,
  exchange: Sent,
  contextWindow: number | undefined,
): DemandBounds => {
  const { protocol, request, facts, translation, operation } = exchange
  const sent = Math.max(request.body.byteLength, Buffer.byteLength(translation?.sent.body ?? ''))
  if (operation === 'embed') return { inputTokens: sent, candidates: 1 }
  const asked = protocol.generate?.decodeRequest(request)
  if (asked === undefined)
    return { inputTokens: contextWindow, candidates: 1, reason: 'an unknown operation' }
  const candidates = asked.sampling.candidates ?? 1
  if (runsTools(catalog, exchange, asked, exchange.attempt)) {
    return { inputTokens: undefined, candidates, reason: 'the provider runs a tool, as often as it likes' }
  }
  const { isOpen, images, mediaBytes } = mediaIn(asked)
  const counted = sent - mediaBytes + images * tokensPerImage + (asked.tools.length > 0 ? toolOverhead : 0)
  if (isOpen || facts.handles.length > 0) {
    return { inputTokens: contextWindow, candidates, reason: 'it refers to what only the provider has' }
  }
  return { inputTokens: Math.min(counted, contextWindow ?? counted), candidates }
}

/** Bytes of JSON of one token: below the mean of agents' requests, so that it is rather called too many. */
export const bytesPerToken = 3
/** Requests above it are looked into: most of their bytes may be pictures. */
const large = 256 * 1024

/** What the input will come to, roughly and fast; metered budgets may be overshot by a slice. */
export const likelyBounds = (exchange: Sent, contextWindow: number | undefined): DemandBounds => {
  const { request, translation, demands } = exchange
  const sent = Math.max(request.body.byteLength, translation?.sent.body.length ?? 0)
  const tokens = sent > large ? Math.ceil(demands().inputTokens * 1.2) : Math.ceil(sent / bytesPerToken)
  return { inputTokens: Math.min(tokens, contextWindow ?? tokens), candidates: candidatesIn(exchange) }
}

/** Chat's `n`, without a decode. */
const candidatesIn = ({ request }: Sent): number => {
  const span = request.scan.top.get('n')
  const n = span === undefined ? 1 : Number(request.scan.text.slice(span.start, span.end))
  return Number.isInteger(n) && n > 1 ? n : 1
}

interface Media {
  readonly images: number
  /** Of base64 texts, which are no words. */
  readonly mediaBytes: number
  /** Some of it has a length that cannot be told here. */
  readonly isOpen: boolean
}

const mediaIn = ({ turns }: GenerateRequest): Media => {
  let images = 0
  let mediaBytes = 0
  let isOpen = false
  const visit = (parts: readonly Part[]): void => {
    for (const part of parts) {
      if (part.type === 'tool-result') visit(part.content)
      else if (part.type === 'image') {
        images++
        if (part.source.type === 'base64') mediaBytes += part.source.data.length
        else if (part.source.type !== 'url') isOpen = true
      } else if (part.type === 'document' || part.type === 'audio' || part.type === 'video') {
        // Pages and seconds are not in the bytes; only the model's window bounds them.
        isOpen = true
      }
    }
  }
  for (const { parts } of turns) visit(parts)
  return { images, mediaBytes, isOpen }
}
