import { isJsonObject, parseJson } from '../../ir/index.ts'
import { parseFrame } from '../../wire/index.ts'
import { stringMember } from './members.ts'

/**
 * The type of the event in a raw block, read from its first line where it has a name, else from its data. Undefined
 * for blocks without an event: comments, `[DONE]`, foreign objects.
 */
export const eventTypeOf = (block: Uint8Array): string | undefined => {
  const head = Buffer.from(block.buffer, block.byteOffset, Math.min(block.byteLength, 120)).toString('latin1')
  const name = /^event: ?((?:response\.[a-z_.]+)|error|keepalive)\r?\n/.exec(head)?.[1]
  if (name !== undefined) return name
  const first = /^data: ?\{"type": ?"([a-z_.]+)"/.exec(head)?.[1]
  if (first !== undefined) return first
  const frame = parseFrame(block)
  const data = frame === undefined ? undefined : parseJson(frame.data)
  return isJsonObject(data) ? stringMember(data, 'type') : undefined
}
