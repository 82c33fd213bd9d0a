import type { CountTokensCodec } from '../protocol.ts'
import { decodeBody, parseBody, readRoot } from './decode-request.ts'
import { encodeRequest } from './encode-request.ts'
import { asNumber, readObject } from './read-object.ts'

/** `:countTokens`: the contents alone, or a whole request under `generateContentRequest`. */
export const countTokens: CountTokensCodec = {
  decodeRequest(wire) {
    const document = parseBody(wire.body)
    const root = readRoot(document)
    const inner = readObject(root).object('generateContentRequest')
    const model = wire.parameters['model'] ?? ''
    return decodeBody(document, inner ?? root, { model, stream: false, notes: {} })
  },
  encodeRequest(request, target) {
    const encoded = encodeRequest(request, { ...target, stream: false })
    // The model of the URL once more, as the request in the request is a whole one.
    const model = JSON.stringify(`models/${target.model}`)
    const rest = encoded.body.slice(encoded.body.indexOf('{') + 1)
    const inner = `{"model":${model}${rest.trim() === '}' ? '' : ','}${rest}`
    return {
      ...encoded,
      path: encoded.path.replace(/:generateContent$/, ':countTokens'),
      body: `{"generateContentRequest":${inner}}`,
    }
  },
  encodeResponse: ({ inputTokens, cachedTokens }) =>
    JSON.stringify({
      totalTokens: inputTokens,
      ...(cachedTokens === undefined ? {} : { cachedContentTokenCount: cachedTokens }),
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: inputTokens }],
    }),
  decodeResponse(wire) {
    const document = parseBody(wire.body)
    return { inputTokens: asNumber(readObject(readRoot(document)).take('totalTokens')) ?? 0 }
  },
}
