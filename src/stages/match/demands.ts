import type { Part } from '../../ir/index.ts'
import type { Exchange } from '../../pipeline/index.ts'
import { leavesOf, type Received } from '../receive/index.ts'

/** What a request asks of a model, as far as routing looks at it. */
export interface Demands {
  /** Estimated from the length of its texts and the number of its pictures. */
  readonly inputTokens: number
  readonly hasTools: boolean
  readonly hasImages: boolean
  readonly wantsJsonSchema: boolean
}

/** Reads the demands when they are first asked for, which most requests never are: it takes a decode. */
export const demandsOf = (exchange: Exchange & Received): (() => Demands) => {
  let known: Demands | undefined
  return () => {
    known ??= readDemands(exchange)
    return known
  }
}

/** Bytes of text of one token: short of the mean of prose and code, so that a window is rather called too small. */
const bytesPerToken = 3.5
/** Between a thumbnail and a full page, over all vendors. */
const tokensPerImage = 1200

const readDemands = ({ protocol, operation, request }: Exchange & Received): Demands => {
  const codec = protocol.generate
  if (codec === undefined || (operation !== 'generate' && operation !== 'count-tokens')) {
    const inputTokens = Math.ceil(request.body.byteLength / bytesPerToken)
    return { inputTokens, hasTools: false, hasImages: false, wantsJsonSchema: false }
  }
  const { turns, tools, output } = codec.decodeRequest(request)
  const images = turns.reduce((total, { parts }) => total + countImages(parts), 0)
  const text = leavesOf(protocol, operation, request).reduce(
    (total, { start, end }) => total + end - start,
    0,
  )
  return {
    inputTokens: Math.ceil(text / bytesPerToken) + images * tokensPerImage,
    hasTools: tools.length > 0,
    hasImages: images > 0,
    wantsJsonSchema: output?.type === 'json-schema' || output?.type === 'enum',
  }
}

const countImages = (parts: readonly Part[]): number =>
  parts.reduce((total, part) => {
    if (part.type === 'image') return total + 1
    return part.type === 'tool-result' ? total + countImages(part.content) : total
  }, 0)
