import { canStart, classBit, isIn, isWord } from './character-classes.ts'

/**
 * The shape of a secret as text: literal pieces, `{class:length}` or `{class:least-most}` (see `character-classes.ts`),
 * and `(one|other)`. `ghp_{alnum:36}`, `sk_(live|test)_{alnum:24-99}`.
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
  /** The class of what follows the anchor: a second anchor in the same run is no new attempt. */
  readonly followed: number
}

export type Piece =
  | { readonly type: 'literal'; readonly text: string }
  | { readonly type: 'choice'; readonly texts: readonly string[] }
  | { readonly type: 'run'; readonly bit: number; readonly name: string; readonly least: number; readonly most: number }

/**
 * @param anchor the literal to look for; by default the longest one
 * @throws RangeError when it is not a shape, has nothing to look for, or a run could swallow what follows it
 */
export const parseShape = (source: string, anchor?: string): Shape => {
  const pieces = parsePieces(source)
  for (const [index, piece] of pieces.entries()) checkFollower(source, piece, pieces[index + 1])
  const at = anchorIndex(pieces, anchor)
  const chosen = pieces[at]
  if (chosen === undefined || chosen.type === 'run') throw new RangeError(`${source}: no literal to look for`)
  const follower = pieces.slice(at + 1).find((piece) => piece.type === 'run')
  return {
    source,
    anchors: (chosen.type === 'literal' ? [chosen.text] : chosen.texts).map((text) => text.toLowerCase()),
    before: pieces.slice(0, at).reverse(),
    after: pieces.slice(at),
    followed: follower?.type === 'run' ? follower.bit : 0,
  }
}

/** The pieces of a shape in order. */
export const parsePieces = (source: string): readonly Piece[] => {
  const pieces: Piece[] = []
  let at = 0
  while (at < source.length) {
    const opening = source[at]
    if (opening !== '{' && opening !== '(') {
      let end = at
      while (end < source.length && source[end] !== '{' && source[end] !== '(') end++
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
  return pieces
}

const parseRun = (source: string, inside: string): Piece => {
  const [name = '', lengths = ''] = inside.split(':')
  const [least, most = least] = lengths.split('-').map(Number)
  const bit = classBit(name)
  if (bit === 0 || least === undefined || most === undefined || !(least >= 0 && most >= least && most <= 8192))
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

const anchorIndex = (pieces: readonly Piece[], anchor: string | undefined): number => {
  if (anchor !== undefined)
    return pieces.findIndex((piece) => piece.type === 'literal' && piece.text === anchor)
  const weight = (piece: Piece): number =>
    piece.type === 'literal'
      ? piece.text.length
      : piece.type === 'choice'
        ? Math.min(...piece.texts.map((text) => text.length))
        : 0
  return pieces.reduce((best, piece, index) => (weight(piece) > weight(pieces[best] ?? piece) ? index : best), 0)
}

/** What an attempt found, and how far it looked; one object, reused. */
export interface Match {
  start: number
  end: number
}

/** Matches the shape whose anchor stands at `at`, alone (not glued to word characters). Fills `match` when it does. */
export const matchAround = (shape: Shape, text: string, at: number, match: Match): boolean => {
  const end = matchRight(shape.after, text, at)
  if (end < 0) return false
  const start = shape.before.length === 0 ? at : matchLeft(shape.before, text, at)
  if (start < 0 || !canStart(text, start)) return false
  match.start = start
  match.end = end
  return true
}

/** The end of the pieces read from `at` on, or -1. What follows the last one must not carry it on. */
export const matchRight = (pieces: readonly Piece[], text: string, at: number): number => {
  let position = at
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index]
    if (piece === undefined) return -1
    if (piece.type === 'literal') {
      if (!text.startsWith(piece.text, position)) return -1
      position += piece.text.length
    } else if (piece.type === 'choice') {
      const word = chosen(piece.texts, text, position)
      if (word === undefined) return -1
      position += word.length
    } else {
      const limit = position + piece.most
      const least = position + piece.least
      while (position < limit && isIn(text.charCodeAt(position), piece.bit)) position++
      if (position < least) return -1
    }
  }
  const last = pieces[pieces.length - 1]
  const next = text.charCodeAt(position)
  if (isWord(next) || (last?.type === 'run' && isIn(next, last.bit) && last.name !== 'pad')) return -1
  return position
}

const chosen = (texts: readonly string[], text: string, at: number): string | undefined => {
  let best: string | undefined
  for (const word of texts)
    if (text.startsWith(word, at) && word.length > (best?.length ?? -1)) best = word
  return best
}

const matchLeft = (pieces: readonly Piece[], text: string, at: number): number => {
  let position = at
  for (const piece of pieces) {
    if (piece.type === 'literal') {
      if (!text.startsWith(piece.text, position - piece.text.length)) return -1
      position -= piece.text.length
    } else if (piece.type === 'choice') {
      const word = piece.texts.find((one) => position >= one.length && text.startsWith(one, position - one.length))
      if (word === undefined) return -1
      position -= word.length
    } else {
      const limit = Math.max(0, position - piece.most)
      const from = position
      while (position > limit && isIn(text.charCodeAt(position - 1), piece.bit)) position--
      if (from - position < piece.least) return -1
    }
  }
  return position
}
