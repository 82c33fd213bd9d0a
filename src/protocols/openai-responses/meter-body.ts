import { isJsonObject, type JsonObject, type Operation, parseJson } from '../../ir/index.ts'
import { openaiService } from '../openai-service.ts'
import type { AnswerFacts } from '../protocol.ts'
import { handlesOfItem, handlesOfObject, handlesOfResponse } from './answer-handles.ts'
import { decodeStreamError, errorOfResponse } from './errors.ts'
import { member, stringMember } from './members.ts'
import { decodeUsage } from './usage.ts'

/** Reads a whole answer of any operation. Never throws: what cannot be read is absent. */
export const meterBody = (body: Uint8Array, operation: Operation): AnswerFacts => {
  const value = parseJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  if (!isJsonObject(value)) return { handles: [] }
  const isError = stringMember(value, 'status') === undefined && (member(value, 'error') ?? null) !== null
  if (isError) return { handles: [], ended: 'failed', error: decodeStreamError(value['error']) }
  switch (operation) {
    case 'generate':
    case 'retrieve-response':
    case 'cancel-response':
      return responseFacts(value, operation)
    default:
      return otherFacts(value, operation)
  }
}

/** A conversation, an item, a list, a compaction, a count, a deletion. */
const otherFacts = (body: JsonObject, operation: Operation): AnswerFacts => {
  const usage = operation === 'compact-response' ? decodeUsage(body['usage']) : undefined
  const model = stringMember(body, 'model')
  return {
    ...(usage === undefined ? {} : { usage }),
    ...(model === undefined ? {} : { model }),
    ended: 'complete',
    handles: operation === 'get-conversation-item' ? handlesOfItem(body, true) : handlesOfObject(body),
  }
}

/** What a response object says; also used for the terminal event of a stream. */
export const responseFacts = (response: JsonObject, operation: Operation): AnswerFacts => {
  const id = stringMember(response, 'id')
  const model = stringMember(response, 'model')
  const status = stringMember(response, 'status')
  // A stored response may be read again and again: its tokens are those of the call that made it.
  const usage = operation === 'generate' ? decodeUsage(response['usage'], response['tool_usage']) : undefined
  const service = openaiService(response['service_tier'])
  const hasFailed = operation === 'generate' && (status === 'failed' || status === 'cancelled')
  return {
    ...(usage === undefined ? {} : { usage }),
    ...(service === undefined ? {} : { service }),
    ...(model === undefined ? {} : { model }),
    ...(id === undefined ? {} : { responseId: id }),
    ...(status === undefined ? {} : { finishReason: status }),
    ended: hasFailed ? 'failed' : 'complete',
    ...(hasFailed ? { error: errorOfResponse(response) } : {}),
    handles: handlesOfResponse(response),
  }
}
