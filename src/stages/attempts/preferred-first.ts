import type { Choice } from './possible-targets.ts'

/** The targets of a key's preferred providers go first, in the order in which it names them; the others follow. */
export const preferredFirst = <T extends Pick<Choice, 'target'>>(
  choices: readonly T[],
  prefer: readonly string[],
): readonly T[] => {
  if (prefer.length === 0 || choices.length < 2) return choices
  const rank = ({ target }: T): number => {
    const place = prefer.indexOf(target.provider.id)
    return place < 0 ? prefer.length : place
  }
  return [...choices].sort((one, other) => rank(one) - rank(other))
}
