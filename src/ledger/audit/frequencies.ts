/** How often each name occurs, the most frequent first; the same names give the same order. */
export const frequencies = (names: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return new Map(
    [...counts].toSorted(([one, count], [other, rest]) => rest - count || (one < other ? -1 : 1)),
  )
}
