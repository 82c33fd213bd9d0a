import { type GenerateResponse, isJsonObject, type JsonObject } from '../../ir/index.ts'
import { type JsonDocument, parseDocument } from '../../wire/index.ts'
import type { WireResponse } from '../protocol.ts'
import { answerParts, decodeItem } from './decode-items.ts'
import { arrayMember } from './members.ts'
import { readResponse } from './response-object.ts'
import { protocolId } from './wire.ts'

const textDecoder = new TextDecoder()

/** @throws SyntaxError when the body is not JSON */
export const decodeResponse = (wire: WireResponse): GenerateResponse => {
  const document = parseDocument(textDecoder.decode(wire.body))
  return decodeResponseObject(isJsonObject(document.value) ? document.value : {}, document)
}

/** A response object, from a body or from a stream's terminal event. */
export const decodeResponseObject = (response: JsonObject, document: JsonDocument): GenerateResponse => {
  const { head, patch } = readResponse(response)
  const { usage, finish, hasRefusal: _hasRefusal, ...start } = head
  const output = arrayMember(response, 'output')
  const parts = (output ?? []).flatMap((item) => answerParts(decodeItem(item, 'answer', document)))
  const isRunning = finish === undefined && parts.length === 0
  return {
    protocol: protocolId,
    ...start,
    // A response that has only been queued has no answer yet, not an empty one.
    choices: isRunning ? [] : [{ index: 0, parts, ...(finish === undefined ? {} : { finish }) }],
    ...(usage === undefined ? {} : { usage }),
    extensions: { [protocolId]: patch },
  }
}
