import { extensionOf, type GenerateRequest, type Turn } from '../../ir/index.ts'
import type { TargetContext } from '../protocol.ts'
import { noPartsNote, noRoleNote } from './decode-request.ts'
import { type EncodedPart, encodeParts, type PartContext } from './encode-parts.ts'
import { foreignContents } from './foreign-contents.ts'
import type { Losses } from './losses.ts'
import { writeMembers } from './read-object.ts'

/** All turns but the leading system text as `contents`. */
export const encodeTurns = (
  request: GenerateRequest,
  target: TargetContext,
  losses: Losses,
): readonly object[] => {
  if (request.protocol !== 'gemini') return foreignContents(request, target, losses)
  const context: PartContext = {
    side: 'own',
    lose: losses.lose,
    showsThoughts: true,
    nameOf: () => undefined,
    nextDocument: () => 1,
  }
  return request.turns
    .filter((turn) => turn.role !== 'system' || turn.placement === 'inline')
    .map((turn) => encodeTurn(turn, encodeParts(turn.parts, context)))
}

const encodeTurn = (turn: Turn, parts: readonly EncodedPart[]): object => {
  const extension = extensionOf(turn, 'gemini')
  const role = turn.role === 'assistant' ? 'model' : 'user'
  return writeMembers(
    {
      role: extension[noRoleNote] === true || extension['role'] !== undefined ? undefined : role,
      parts: extension[noPartsNote] === true && parts.length === 0 ? undefined : parts,
    },
    extension,
  )
}
