import { afterSpace, stringEnd, valueEnd } from '../wire/index.ts'
import { markKey } from './find-marks.ts'
import { type Piece, type PromptOrder, piecesOf } from './prompt-order.ts'

/** What is remembered of a prompt: a hash of each of its pieces, in the order in which the model reads them. */
export interface Fingerprint {
  readonly hashes: Uint32Array
  /** Bytes of all pieces up to the end of each. */
  readonly ends: Uint32Array
  /** How many pieces there are up to each that has a mark, in ascending order. */
  readonly marked: readonly number[]
  /** So many of them stand before the conversation. */
  readonly head: number
  /** So many turns had a mark: without it a client may write them in another form. */
  readonly loose: number
}

/** Hashes of different processes are not to be compared. */
const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0

const mostPieces = 8192

/**
 * @param body of a request, well formed
 * @param text the same, a character for each byte
 */
export const fingerprintOf = (body: Uint8Array, order: PromptOrder, text = latin1(body)): Fingerprint => {
  const pieces = piecesOf(text, order)
  const count = Math.min(pieces.length, mostPieces)
  const hashes = new Uint32Array(count)
  const ends = new Uint32Array(count)
  const marked: number[] = []
  let bytes = 0
  const nextMark = marksIn(text)
  let head = 0
  let loose = 0
  for (let at = 0; at < count; at++) {
    const piece = pieces[at]
    if (piece === undefined) break
    if (!piece.isTurn) head = at + 1
    const { start, end } = piece
    bytes += end - start
    ends[at] = bytes
    if (nextMark(start) < end) {
      const bare = unmarked(text.slice(start, end))
      const whole = { start: 0, end: bare.byteLength, isTurn: piece.isTurn }
      hashes[at] = Bun.hash.xxHash32(plainTurn(latin1(bare), bare, whole), seed)
      marked.push(at + 1)
      if (piece.isTurn) loose++
    } else hashes[at] = Bun.hash.xxHash32(plainTurn(text, body, piece), seed)
  }
  return { hashes, ends, marked, head, loose }
}

/** A view of bytes as text, in which every place is a byte's. */
export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

/** Where the next mark is. Of places that ascend it searches each byte once. */
const marksIn = (text: string): ((from: number) => number) => {
  let searched = Number.POSITIVE_INFINITY
  let hit = -1
  return (from) => {
    if (from >= searched && from <= hit) return hit
    const found = text.indexOf(`"${markKey}"`, from)
    searched = from
    hit = found < 0 ? Number.POSITIVE_INFINITY : found
    return hit
  }
}

const listOfText = '"content":[{"type":"text","text":"'
/** Where the content begins in a turn that says its role first. */
const farthestContent = 40

/** The bytes of a piece; a turn whose content is a list of one text as if it were that text: a mark makes it a list. */
const plainTurn = (text: string, body: Uint8Array, { start, end, isTurn }: Piece): Uint8Array => {
  const whole = body.subarray(start, end)
  if (!isTurn) return whole
  const content = text.slice(start, start + farthestContent + listOfText.length).indexOf(listOfText)
  if (content < 0) return whole
  const list = start + content + '"content":'.length
  const opening = start + content + listOfText.length - 1
  const closing = stringEnd(text, opening)
  if (text[closing] !== '}' || text[closing + 1] !== ']') return whole
  return Buffer.concat([
    body.subarray(start, list),
    body.subarray(opening, closing),
    body.subarray(closing + 2, end),
  ])
}

/** Marks move from turn to turn, and are no part of the prompt. As bytes: one text may hash as another view of it. */
const unmarked = (piece: string): Uint8Array => {
  let kept = ''
  let from = 0
  for (;;) {
    const key = piece.indexOf(`"${markKey}"`, from)
    if (key < 0) break
    const colon = afterSpace(piece, stringEnd(piece, key))
    if (piece[colon] !== ':') {
      kept += piece.slice(from, colon)
      from = colon
      continue
    }
    const end = valueEnd(piece, afterSpace(piece, colon + 1))
    const before = piece.slice(from, key).trimEnd()
    kept += before.endsWith(',') ? before.slice(0, -1) : before
    const behind = afterSpace(piece, end)
    from = !before.endsWith(',') && piece[behind] === ',' ? behind + 1 : end
  }
  return Buffer.from(kept + piece.slice(from), 'latin1')
}

/**
 * How many turns of a prompt are in a later one, wherever they stand; 0 where that is not half of them, so that the
 * later one is of another conversation.
 */
export const sharedTurns = (before: Fingerprint, after: Fingerprint): number => {
  const turns = before.hashes.length - before.head
  if (turns === 0) return 0
  const run = commonRun(before, after)
  // The usual case: it goes on where it was, but for turns that lost their marks.
  if (run >= before.hashes.length - before.loose && run > before.head) return run - before.head
  const later = new Set(after.hashes.subarray(after.head))
  let shared = 0
  for (let at = before.head; at < before.hashes.length; at++) {
    if (later.has(before.hashes[at] ?? -1)) shared++
  }
  return shared * 2 >= turns ? shared : 0
}

/** How many pieces are the same from the beginning on. */
export const commonRun = ({ hashes: one }: Fingerprint, { hashes: other }: Fingerprint): number => {
  const most = Math.min(one.length, other.length)
  let run = 0
  while (run < most && one[run] === other[run]) run++
  return run
}

/**
 * How many pieces of a prompt there are up to the last that is in a later one, wherever it stands there: what follows
 * was given up (the conversation was rewound, or is another with the same beginning), and nobody asks for it any more.
 */
export const sharedReach = (before: Fingerprint, after: Fingerprint): number => {
  const all = before.hashes.length
  if (commonRun(before, after) === all) return all
  const left = new Map<number, number>()
  for (const hash of after.hashes) left.set(hash, (left.get(hash) ?? 0) + 1)
  let reach = 0
  for (let at = 0; at < all; at++) {
    const hash = before.hashes[at] ?? -1
    const times = left.get(hash) ?? 0
    if (times === 0) continue
    left.set(hash, times - 1)
    reach = at + 1
  }
  return reach
}
