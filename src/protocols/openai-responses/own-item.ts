import { extensionOf, type JsonObject, type Part } from '../../ir/index.ts'
import { objectMember } from './members.ts'
import { protocolId } from './wire.ts'

/** What the wire said about the item that begins with this part, beyond the part itself. */
export const ownItem = (part: Part): JsonObject => objectMember(extensionOf(part, protocolId), 'item') ?? {}
