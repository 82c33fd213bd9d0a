import { isUtf8 } from 'node:buffer'
import type { Change, Edit, Leaf } from '../../ir/index.ts'
import { applySplices, type Splice, spliceText } from '../../wire/index.ts'

/**
 * A request's bytes with its edits. Only the bytes of what was replaced change: the literals around keep their
 * escapes, their line ends and their spaces.
 * @throws RangeError when changes overlap or do not lie in their leaf
 * @throws SyntaxError when an edit leaves a JSON value that is none
 */
export const applyEdits = (bytes: Uint8Array, edits: readonly Edit[]): Uint8Array =>
  applySplices(
    bytes,
    [...byLeaf(edits).values()].flatMap((same) => splicesOf(bytes, same)),
  )

const byLeaf = (edits: readonly Edit[]): ReadonlyMap<number, readonly Edit[]> => {
  const leaves = new Map<number, Edit[]>()
  for (const edit of edits) {
    const same = leaves.get(edit.leaf.start)
    if (same === undefined) leaves.set(edit.leaf.start, [edit])
    else same.push(edit)
  }
  return leaves
}

const splicesOf = (bytes: Uint8Array, edits: readonly Edit[]): readonly Splice[] => {
  const leaf = edits[0]?.leaf
  if (leaf === undefined) return []
  const changes = edits.flatMap(changesOf).sort((a, b) => a.start - b.start || a.end - b.end)
  check(leaf, changes)
  if (leaf.json === true) JSON.parse(spliceText(leaf.text, changes))
  const source = Buffer.from(bytes.buffer, bytes.byteOffset + leaf.start, leaf.end - leaf.start)
  // A decoder turns broken bytes into signs of its own, so that nothing can be said of where a character lies.
  if (!isUtf8(source)) {
    const text = spliceText(leaf.text, changes)
    return [{ start: leaf.start, end: leaf.end, text: leaf.json === true ? text : JSON.stringify(text) }]
  }
  const write = leaf.json === true ? (text: string) => text : escapeText
  const place = leaf.json === true ? jsonPlaces(source, leaf) : literalPlaces(source, leaf)
  return changes.map((change) => {
    const start = place(change.start)
    const end = place(change.end)
    return {
      start: leaf.start + start.before,
      end: leaf.start + end.after,
      // A character outside the basic plane is two units: what a change cuts off of it is written again.
      text: write(
        leaf.text.slice(change.start - start.units, change.start) +
          change.text +
          leaf.text.slice(change.end, change.end + (end.units === 0 ? 0 : 2 - end.units)),
      ),
    }
  })
}

/** A text as it stands inside a JSON string literal. */
export const escapeText = (text: string): string => JSON.stringify(text).slice(1, -1)

const changesOf = (edit: Edit): readonly Change[] => edit.changes ?? difference(edit.leaf.text, edit.text)

const difference = (before: string, after: string): readonly Change[] => {
  if (before === after) return []
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++
  let kept = 0
  while (
    kept < shorter - start &&
    before.charCodeAt(before.length - kept - 1) === after.charCodeAt(after.length - kept - 1)
  )
    kept++
  return [{ start, end: before.length - kept, text: after.slice(start, after.length - kept) }]
}

const check = (leaf: Leaf, changes: readonly Change[]): void => {
  let at = 0
  for (const { start, end } of changes) {
    if (start < at) throw new RangeError(`changes of ${leaf.id} overlap`)
    if (end < start || end > leaf.text.length)
      throw new RangeError(`a change of ${leaf.id} lies outside its text`)
    at = end
  }
}

/** Where a unit of the text stands in the leaf's bytes. */
interface BytePlace {
  /** Where the character begins that the unit belongs to, and where it ends if the unit lies inside of it. */
  readonly before: number
  readonly after: number
  /** Units of that character before this one: 1 in the middle of a pair, else 0. */
  readonly units: number
}

/** Asked with rising units, so that the bytes are walked once. */
type Places = (unit: number) => BytePlace

const at = (byte: number): BytePlace => ({ before: byte, after: byte, units: 0 })

const literalPlaces = (source: Buffer, leaf: Leaf): Places =>
  source.length - 2 === leaf.text.length
    ? (unit) => at(unit + 1)
    : walkedPlaces(source, 1, (byte) => {
        if (source[byte] !== 0x5c) return characterSize(source[byte] ?? 0)
        return source[byte + 1] === 0x75 ? 6 : 2
      })

const jsonPlaces = (source: Buffer, leaf: Leaf): Places =>
  source.length === leaf.text.length
    ? at
    : walkedPlaces(source, 0, (byte) => characterSize(source[byte] ?? 0))

const walkedPlaces = (source: Buffer, first: number, sizeAt: (byte: number) => number): Places => {
  let byte = first
  let passed = 0
  return (unit) => {
    while (passed < unit) {
      const size = sizeAt(byte)
      const units = size === 4 && source[byte] !== 0x5c ? 2 : 1
      if (passed + units > unit) return { before: byte, after: byte + size, units: unit - passed }
      passed += units
      byte += size
    }
    return at(byte)
  }
}

/** Bytes of a UTF-8 character by its first one. */
const characterSize = (first: number): number => (first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4)
