/** What is made of equal things is made once, as long as it is among the last `most`. */
export const remembered = <From, To>(
  most: number,
  nameOf: (from: From) => string,
  make: (from: From) => To & {},
): ((from: From) => To) => {
  const made = new Map<string, To & {}>()
  return (from) => {
    const name = nameOf(from)
    const found = made.get(name) ?? make(from)
    // A map keeps its keys in the order in which they were set: the first is unused longest.
    made.delete(name)
    made.set(name, found)
    const [first] = made.keys()
    if (made.size > most && first !== undefined) made.delete(first)
    return found
  }
}
