/**
 * Claude Code's first system block, `x-anthropic-billing-header: cc_version=…`. It is for Anthropic's accounting, no
 * word of it is for the model, and its hash changes from request to request. So it is no part of the canonical
 * request: it waits in the extension of its turn, where only this protocol finds it.
 */
import { isJsonObject, type JsonObject, type Turn } from '../../ir/index.ts'
import { ownMember } from './members.ts'
import { own, ownRest } from './own.ts'

const prefix = 'x-anthropic-billing-header:'

/** Extension member of a turn; no wire member has a hyphen in its name. */
const member = 'billing-note'

/** @param blocks the turn's blocks as they stand on the wire */
export const withoutBillingNote = (turn: Turn, blocks: readonly unknown[]): Turn => {
  const [first] = blocks
  if (!isJsonObject(first) || !isNote(first)) return turn
  return { ...turn, parts: turn.parts.slice(1), ...own({ ...ownRest(turn), [member]: first }) }
}

const isNote = (block: JsonObject): boolean => {
  const text = ownMember(block, 'text')
  return ownMember(block, 'type') === 'text' && typeof text === 'string' && text.startsWith(prefix)
}

/** The block that was kept from the turn; undefined where there was none. */
export const billingNoteOf = (turn: Turn): JsonObject | undefined => {
  const note = ownMember(ownRest(turn) ?? {}, member)
  return isJsonObject(note) ? note : undefined
}
