/**
 * Tells whether a name fits a pattern in which `*` stands for any text, also none, and everything else for itself, in
 * the case it is written in. The pattern is split on `*` and its pieces are searched for from left to right, so matching
 * is linear: names come from clients and models. For patterns of accounts and limits, which know `?` too, there is
 * `compileGlob` of `accounts`.
 */
export const globTest = (glob: string): ((text: string) => boolean) => {
  const pieces = glob.split('*')
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  if (pieces.length === 1) return (text) => text === glob
  const middle = pieces.slice(1, -1)
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
      return false
    let at = first.length
    for (const piece of middle) {
      const found = text.indexOf(piece, at)
      if (found < 0 || found + piece.length > text.length - last.length) return false
      at = found + piece.length
    }
    return true
  }
}
