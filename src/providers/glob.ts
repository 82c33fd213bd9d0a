/**
 * Globs know only `*`. They are split on it and searched for, so matching is linear: model names come from clients.
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
