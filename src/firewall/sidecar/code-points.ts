/**
 * Makes the function from offsets in code points, as Python counts, to UTF-16 units. A lone surrogate is one code point
 * on both sides; it is sent as U+FFFD, which is one as well.
 *
 * @returns undefined for an offset that is not in the text
 */
export const createOffsetMap = (text: string): ((codePoints: number) => number | undefined) => {
  const astral: number[] = []
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0xd800 || unit > 0xdbff) continue
    const next = text.charCodeAt(index + 1)
    if (next < 0xdc00 || next > 0xdfff || Number.isNaN(next)) continue
    // In code points: each pair before this one counts as one.
    astral.push(index - astral.length)
    index++
  }
  const total = text.length - astral.length
  return (codePoints) => {
    if (!Number.isInteger(codePoints) || codePoints < 0 || codePoints > total) return undefined
    let low = 0
    let high = astral.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((astral[middle] ?? 0) < codePoints) low = middle + 1
      else high = middle
    }
    return codePoints + low
  }
}
