import { type GenerateResponse, isJsonObject, type JsonObject } from '../../ir/index.ts'
import { parseDocument } from '../../wire/index.ts'
import type { WireResponse } from '../protocol.ts'
import { decodeBlocks } from './decode-parts.ts'
import { type MemberReader, readMembers } from './members.ts'
import { own } from './own.ts'
import { isStopMember, readFinish } from './stop-reason.ts'
import { readUsage, usageRest } from './usage.ts'
import { protocolId } from './wire.ts'

/**
 * A whole message. What is not one (an error, another shape) gives an answer without content, whose extension holds
 * what came.
 * @throws SyntaxError when the body is not JSON
 */
export const decodeResponse = (wire: WireResponse): GenerateResponse => {
  const document = parseDocument(new TextDecoder().decode(wire.body))
  const message = isJsonObject(document.value) ? document.value : {}
  const reader = readMembers(message)
  const head = readHead(reader)
  const content = reader.array('content')
  const finish = readFinish(message)
  const usage = reader.object('usage')
  return {
    protocol: protocolId,
    ...head,
    choices: [
      {
        index: 0,
        parts: content === undefined ? [] : decodeBlocks(content, document),
        ...(finish === undefined ? {} : { finish }),
      },
    ],
    ...(usage === undefined ? {} : { usage: readUsage(usage), ...tierOf(usage) }),
    ...own({
      ...withoutStop(reader.rest(), finish !== undefined),
      ...(usage === undefined ? {} : { usage: usageRest(usage) }),
    }),
  }
}

/** Id, model and the two constants. */
export const readHead = (reader: MemberReader): Pick<GenerateResponse, 'id' | 'model'> => {
  reader.exactly('type', 'message')
  reader.exactly('role', 'assistant')
  const id = reader.string('id')
  const model = reader.string('model')
  return { ...(id === undefined ? {} : { id }), ...(model === undefined ? {} : { model }) }
}

export const tierOf = (usage: JsonObject): Pick<GenerateResponse, 'serviceTier'> => {
  const tier = readMembers(usage).string('service_tier')
  return tier === undefined ? {} : { serviceTier: tier }
}

const withoutStop = (rest: JsonObject, hasFinish: boolean): JsonObject =>
  hasFinish ? Object.fromEntries(Object.entries(rest).filter(([key]) => !isStopMember(key))) : rest
