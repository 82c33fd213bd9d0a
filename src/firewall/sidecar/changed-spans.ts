/** A piece of a text, in UTF-16 units, the end not included. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Words that differ; more than that is another text. It bounds time and memory: both grow with its square. */
const mostChanges = 1_000

/**
 * What of a text a rewritten one has taken out or put something else for, in order and apart: the fewest words that
 * explain it, and of these only the characters that differ.
 *
 * @returns undefined where the other text is no redaction of this one: it adds something where nothing was taken out,
 * or differs too much
 */
export const changedSpans = (text: string, rewritten: string): readonly Span[] | undefined => {
  const before = wordsOf(text)
  const after = wordsOf(rewritten)
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  while (
    tail < Math.min(before.length, after.length) - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++
  const pairs = commonWords(before.slice(head, before.length - tail), after.slice(head, after.length - tail))
  if (pairs === undefined) return undefined
  const spans: Span[] = []
  let wordBefore = 0
  let wordAfter = 0
  let at = 0
  const place = (word: number): number => {
    for (; wordBefore < word; wordBefore++) at += before[wordBefore]?.length ?? 0
    return at
  }
  for (const [one, other] of [...pairs, [before.length - tail - head, after.length - tail - head] as const]) {
    const start = place(wordBefore < head ? head : wordBefore)
    const from = Math.max(wordAfter, head)
    const end = place(head + one)
    const said = after.slice(from, head + other).join('')
    if (start === end && said !== '') return undefined
    if (start < end) {
      const span = trimmed(text, { start, end }, said)
      if (span === undefined) return undefined
      spans.push(span)
    }
    place(head + one + 1)
    wordAfter = head + other + 1
  }
  return spans
}

/** Words, each with the space before it: a space alone is no sign that two texts are at the same place. */
const wordsOf = (text: string): readonly string[] => text.match(/\s*\S+|\s+$/g) ?? []

/** Without what both have at their ends. @returns undefined where nothing is left that was taken out */
const trimmed = (text: string, { start, end }: Span, said: string): Span | undefined => {
  let from = start
  let to = end
  let first = 0
  let last = said.length
  while (from < to && first < last && text[from] === said[first]) {
    from++
    first++
  }
  while (to > from && last > first && text[to - 1] === said[last - 1]) {
    to--
    last--
  }
  if (isLow(text, from)) from--
  if (isLow(text, to)) to++
  return from < to ? { start: from, end: to } : undefined
}

/** Inside of a character of two units. */
const isLow = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return at > 0 && code >= 0xdc00 && code <= 0xdfff
}

/**
 * Pairs of places with the same word in a longest common sequence (Myers, "An O(ND) Difference Algorithm", 1986).
 * @returns undefined where too much differs
 */
const commonWords = (
  before: readonly string[],
  after: readonly string[],
): readonly (readonly [number, number])[] | undefined => {
  const most = Math.min(before.length + after.length, mostChanges)
  const reached = new Int32Array(2 * most + 3)
  const middle = most + 1
  const trace: Int32Array[] = []
  const isDown = (from: Int32Array, offset: number, diagonal: number, changes: number): boolean =>
    diagonal === -changes ||
    (diagonal !== changes && (from[offset + diagonal - 1] ?? 0) < (from[offset + diagonal + 1] ?? 0))
  for (let changes = 0; changes <= most; changes++) {
    // Diagonals that the steps before have reached, which are all that the way back asks for.
    trace.push(reached.slice(middle - changes - 1, middle + changes + 2))
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      const down = isDown(reached, middle, diagonal, changes)
      let x = down ? (reached[middle + diagonal + 1] ?? 0) : (reached[middle + diagonal - 1] ?? 0) + 1
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++
      reached[middle + diagonal] = x
      if (x >= before.length && x - diagonal >= after.length)
        return wayBack(trace, before.length, after.length, isDown)
    }
  }
  return undefined
}

const wayBack = (
  trace: readonly Int32Array[],
  lengthBefore: number,
  lengthAfter: number,
  isDown: (from: Int32Array, offset: number, diagonal: number, changes: number) => boolean,
): readonly (readonly [number, number])[] => {
  const pairs: (readonly [number, number])[] = []
  let x = lengthBefore
  let y = lengthAfter
  for (let changes = trace.length - 1; changes >= 0; changes--) {
    const from = trace[changes] ?? new Int32Array(0)
    const offset = changes + 1
    const diagonal = x - y
    const down = isDown(from, offset, diagonal, changes)
    const before = down ? diagonal + 1 : diagonal - 1
    const startX = changes === 0 ? 0 : (from[offset + before] ?? 0)
    const startY = changes === 0 ? 0 : startX - before
    const isAtStart = (): boolean =>
      changes === 0
        ? x === 0 || y === 0
        : x === (down ? startX : startX + 1) || y === (down ? startY + 1 : startY)
    while (!isAtStart()) {
      x--
      y--
      pairs.push([x, y])
    }
    x = startX
    y = startY
  }
  return pairs.reverse()
}
