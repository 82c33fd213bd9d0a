/** Tells whether a name matches one of the globs. `*` stands for any text, everything else for itself. */
export const compileGlobs = (globs: readonly string[]): ((name: string) => boolean) => {
  const tests = globs.map(compileGlob)
  return (name) => tests.some((test) => test(name))
}

/** Split on `*` and searched for, so that matching is linear: names come from clients and models. */
const compileGlob = (glob: string): ((name: string) => boolean) => {
  const pieces = glob.split('*')
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  if (pieces.length === 1) return (name) => name === glob
  const middle = pieces.slice(1, -1)
  return (name) => {
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
      return false
    let at = first.length
    for (const piece of middle) {
      const found = name.indexOf(piece, at)
      if (found < 0 || found + piece.length > name.length - last.length) return false
      at = found + piece.length
    }
    return true
  }
}
