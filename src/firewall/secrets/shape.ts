import { canStart, classBit, isIn, isWord } from './character-classes.ts'

/**
 * The shape of a secret as text: literal pieces, `{class:length}` or `{class:least-most}` (see `character-classes.ts`),
 * and `(one|other)`: `ghp_{alnum:36}`, `sk_(live|test)_{alnum:24-99}`. Where only a part is the secret, it stands between
 * `<` and `>`: `AccountKey=<{base64:86}==>`.
 *
 * It is read from its anchor outwards and never goes back: a run takes all it can, up to its most. So the cost of one
 * attempt is the length of the shape, whatever the text.
 */
export interface Shape {
  readonly source: string
  /** Lower case: what the automaton looks for. A choice has one for each of its words. */
  readonly anchors: readonly string[]
  /** From right to left. */
  readonly before: readonly Piece[]
  /** The piece with the anchor, then to the right. */
  readonly after: readonly Piece[]
}

export type Piece =
  | { readonly type: 'open' }
  | { readonly type: 'close' }
  | { readonly type: 'literal'; readonly text: string }
  | { readonly type: 'choice'; readonly texts: readonly string[] }
  | {
      readonly type: 'run'
      readonly bit: number
      readonly name: string
      readonly least: number
      readonly most: number
    }

/**
 * Its longest word or choice of words is what to look for.
 *
 * @throws RangeError when it is not a shape, has nothing to look for, or a run could swallow what follows it
 */
export const parseShape = (source: string): Shape => {
  const pieces = parsePieces(source)
  const read = pieces.filter((piece) => piece.type !== 'open' && piece.type !== 'close')
  for (const [index, piece] of read.entries()) checkFollower(source, piece, read[index + 1])
  const at = anchorIndex(pieces)
  const chosen = pieces[at]
  if (chosen?.type !== 'literal' && chosen?.type !== 'choice')
    throw new RangeError(`${source}: no literal to look for`)
  return {
    source,
    anchors: (chosen.type === 'literal' ? [chosen.text] : chosen.texts).map((text) => text.toLowerCase()),
    before: pieces.slice(0, at).reverse(),
    after: pieces.slice(at),
  }
}

/** The pieces of a shape in order. */
export const parsePieces = (source: string): readonly Piece[] => {
  const pieces: Piece[] = []
  let at = 0
  while (at < source.length) {
    const opening = source[at]
    if (opening === '<' || opening === '>') {
      pieces.push({ type: opening === '<' ? 'open' : 'close' })
      at += 1
      continue
    }
    if (opening !== '{' && opening !== '(') {
      let end = at
      while (end < source.length && !'{(<>'.includes(source.charAt(end))) end++
      pieces.push({ type: 'literal', text: source.slice(at, end) })
      at = end
      continue
    }
    const end = source.indexOf(opening === '{' ? '}' : ')', at)
    if (end < 0) throw new RangeError(`${source}: ${opening} is not closed`)
    const inside = source.slice(at + 1, end)
    pieces.push(opening === '{' ? parseRun(source, inside) : { type: 'choice', texts: inside.split('|') })
    at = end + 1
  }
  return joinWords(pieces)
}

/** Literals and choices that stand side by side as one choice: longer words to look for. */
const joinWords = (pieces: readonly Piece[]): readonly Piece[] => {
  const joined: Piece[] = []
  for (const piece of pieces) {
    const last = joined.at(-1)
    const heads = last === undefined ? undefined : wordsOf(last)
    const tails = wordsOf(piece)
    if (heads === undefined || tails === undefined) joined.push(piece)
    else
      joined[joined.length - 1] = {
        type: 'choice',
        texts: heads.flatMap((head) => tails.map((tail) => head + tail)),
      }
  }
  return joined
}

const wordsOf = (piece: Piece): readonly string[] | undefined =>
  piece.type === 'literal' ? [piece.text] : piece.type === 'choice' ? piece.texts : undefined

const parseRun = (source: string, inside: string): Piece => {
  const [name = '', lengths = ''] = inside.split(':')
  const [least, most = least] = lengths.split('-').map(Number)
  const bit = classBit(name)
  if (
    bit === 0 ||
    least === undefined ||
    most === undefined ||
    !(least >= 0 && most >= least && most <= 8192)
  )
    throw new RangeError(`${source}: {${inside}} is not a run`)
  return { type: 'run', bit, name, least, most }
}

/** A run of open length must end where its class ends: else the reading would depend on going back. */
const checkFollower = (source: string, piece: Piece, next: Piece | undefined): void => {
  if (piece.type !== 'run' || piece.least === piece.most || next === undefined) return
  const begins = next.type === 'literal' ? [next.text] : next.type === 'choice' ? next.texts : undefined
  const swallows =
    begins === undefined
      ? next.type === 'run' && overlaps(piece.bit, next.bit)
      : begins.some((text) => isIn(text.charCodeAt(0), piece.bit))
  if (swallows) throw new RangeError(`${source}: {${piece.name}} could swallow what follows it`)
}

const overlaps = (one: number, other: number): boolean => {
  for (let code = 0; code < 128; code++) if (isIn(code, one) && isIn(code, other)) return true
  return false
}

const anchorIndex = (pieces: readonly Piece[]): number => {
  const weight = (piece: Piece): number => Math.min(...(wordsOf(piece) ?? ['']).map((word) => word.length))
  return pieces.reduce(
    (best, piece, index) => (weight(piece) > weight(pieces[best] ?? piece) ? index : best),
    0,
  )
}

/** What an attempt found, and how many characters it read; one object, reused. */
export interface Match {
  start: number
  end: number
  read: number
}

/** Matches the shape whose anchor stands at `at`, alone (not glued to word characters). Fills `match` when it does. */
export const matchAround = (shape: Shape, text: string, at: number, match: Match): boolean => {
  match.read = 1
  match.end = at
  if (shape.before.length === 0 && !canStart(text, at)) return false
  if (!matchRight(shape.after, text, at, match)) return false
  if (shape.before.length === 0) return true
  const from = matchLeft(shape.before, text, at, match)
  return from >= 0 && canStart(text, from)
}

/**
 * Reads the pieces from `at` on; what follows the last one must not carry it on. On failure, `end` says up to where the
 * same shape need not be tried again: the end of its first run of open length, for what begins inside that run would end
 * with it too, and fail alike.
 */
export const matchRight = (pieces: readonly Piece[], text: string, at: number, match: Match): boolean => {
  let position = at
  let closed = -1
  match.start = at
  match.end = at
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index]
    if (piece === undefined) return false
    if (piece.type === 'open') match.start = position
    else if (piece.type === 'close') closed = position
    else if (piece.type === 'run') {
      const from = position
      const limit = position + piece.most
      while (position < limit && isIn(text.charCodeAt(position), piece.bit)) position++
      match.read += position - from
      if (match.end === at && piece.least < piece.most) match.end = position
      if (position - from < piece.least) return false
    } else {
      const length = wordLength(piece, text, position)
      match.read += 1
      if (length < 0) return false
      position += length
    }
  }
  const last = pieces[pieces.length - 1]
  const next = text.charCodeAt(position)
  const goesOn = last?.type === 'run' && last.name !== 'pad' && isIn(next, last.bit)
  if (goesOn) match.end = position
  if (goesOn || isWord(next)) return false
  match.end = closed < 0 ? position : closed
  return true
}

const wordLength = (
  piece: Extract<Piece, { type: 'literal' | 'choice' }>,
  text: string,
  at: number,
): number => {
  if (piece.type === 'literal') return text.startsWith(piece.text, at) ? piece.text.length : -1
  let best = -1
  for (const word of piece.texts) if (word.length > best && text.startsWith(word, at)) best = word.length
  return best
}

/** Reads the pieces from `at` back. Returns where the first one begins, or -1. */
const matchLeft = (pieces: readonly Piece[], text: string, at: number, match: Match): number => {
  let position = at
  let opened = -1
  for (const piece of pieces) {
    if (piece.type === 'open') opened = position
    else if (piece.type === 'close') match.end = position
    else if (piece.type === 'run') {
      const from = position
      const limit = Math.max(0, position - piece.most)
      while (position > limit && isIn(text.charCodeAt(position - 1), piece.bit)) position--
      match.read += from - position
      if (from - position < piece.least) return -1
    } else {
      const words = piece.type === 'literal' ? [piece.text] : piece.texts
      const word = words.find((one) => position >= one.length && text.startsWith(one, position - one.length))
      if (word === undefined) return -1
      position -= word.length
    }
  }
  match.start = opened < 0 ? position : opened
  return position
}
