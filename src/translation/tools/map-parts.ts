import type { Part, Turn } from '../../ir/index.ts'

/**
 * Turns with each part rewritten. What did not change is what was given, so that a pass can tell.
 * @param rewrite `undefined` takes the part out
 */
export const mapParts = (
  turns: readonly Turn[],
  rewrite: (part: Part, turn: Turn, turnIndex: number, partIndex: number) => Part | undefined,
): readonly Turn[] => {
  let isSame = true
  const mapped = turns.map((turn, turnIndex) => {
    let parts: Part[] | undefined
    turn.parts.forEach((part, partIndex) => {
      const rewritten = rewrite(part, turn, turnIndex, partIndex)
      if (rewritten !== part) parts ??= turn.parts.slice(0, partIndex)
      if (rewritten !== undefined) parts?.push(rewritten)
    })
    if (parts === undefined) return turn
    isSame = false
    const { raw: _raw, ...rest } = turn
    return { ...rest, parts }
  })
  return isSame ? turns : mapped
}

/** Turns of which a pass left nothing are no turns. */
export const withoutEmptied = (turns: readonly Turn[], before: readonly Turn[]): readonly Turn[] =>
  turns === before
    ? turns
    : turns.filter(
        (turn, index) =>
          turn.parts.length > 0 ||
          turn === before[index] ||
          turn.tools !== undefined ||
          turn.reasoning !== undefined ||
          turn.output !== undefined,
      )

/** Where a part stands: in the client's words if its decoder said so, else in canonical ones. */
export const placeOf = (part: Part, turn: Turn, turnIndex: number, partIndex: number): string =>
  part.at ?? turn.at ?? `turns[${turnIndex}].parts[${partIndex}]`
