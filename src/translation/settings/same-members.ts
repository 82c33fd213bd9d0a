/** Do two objects hold the very same members? */
export const sameMembers = (a: object, b: object): boolean => {
  const ours = Object.entries(a)
  const theirs = new Map<string, unknown>(Object.entries(b))
  return (
    ours.length === theirs.size && ours.every(([key, value]) => theirs.has(key) && theirs.get(key) === value)
  )
}
