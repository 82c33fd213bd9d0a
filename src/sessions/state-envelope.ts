import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { ProtocolId, ReasoningPiece } from '../ir/index.ts'
import { decodeText, encodeText } from './byte-text.ts'
import type { PieceLayout, SealedState, StatePosition } from './sealed-state.ts'

/**
 * Reasoning state on its way through a client that speaks another protocol than the provider (translation.md §1.5).
 * The client keeps it in an opaque field of its own protocol and sends it back with the history.
 *
 * Bytes: magic (6), version, protocol, kind, position, account (8), texts (encoding, length, bytes) of model, item id,
 * call id and extension, number and layout of the pieces, their text, payload, and the first half of an HMAC-SHA-256 over all
 * of it by the organisation's key. Written as standard base64 with padding, which Gemini's clients check.
 */
const magic = 'TGWstate'

const magicBytes = Buffer.from(magic, 'base64')
const version = 1
const macLength = 16
const accountLength = 8

/** The order is the format: words are only ever added at the end. */
const protocols: readonly ProtocolId[] = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini']
const kinds: readonly SealedState['kind'][] = [
  'none',
  'signature',
  'redacted',
  'encrypted',
  'thought-signature',
  'item',
  'summary',
]
const positions: readonly StatePosition[] = ['self', 'text', 'call', 'part', 'alone']
const pieceKinds: readonly ReasoningPiece['kind'][] = ['summary', 'text']

/** Is this value one of our envelopes, by its looks? The rest belongs to the provider of the client's protocol. */
export const isSealedState = (value: string): boolean => value.startsWith(magic)

/** May this body hold an envelope? Such a body must not go to any provider as it is. */
export const holdsSealedState = (body: Uint8Array): boolean =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(magic, 0, 'latin1')

/** @param key `StateKeys.sign` of the organisation that the client belongs to */
export const sealState = (state: SealedState, key: KeyObject): string => {
  const chunks: Uint8Array[] = [
    magicBytes,
    Uint8Array.of(
      version,
      protocols.indexOf(state.protocol),
      kinds.indexOf(state.kind),
      positions.indexOf(state.position),
    ),
    Buffer.from(state.account.padEnd(accountLength * 2, '0'), 'hex').subarray(0, accountLength),
  ]
  const { model, itemId = '', callId = '', extension = '' } = state
  for (const text of [model, itemId, callId, extension]) writeText(chunks, text)
  chunks.push(writeNumber(state.pieces.length))
  for (const { kind, length } of state.pieces) {
    chunks.push(writeNumber(length * 2 + pieceKinds.indexOf(kind)))
  }
  chunks.push(Uint8Array.of(state.text === undefined ? 0 : 1))
  if (state.text !== undefined) writeText(chunks, state.text)
  writeText(chunks, state.payload)
  const bytes = Buffer.concat(chunks)
  return Buffer.concat([bytes, macOf(bytes, key)]).toString('base64')
}

/**
 * Undefined for a value that was not sealed for this organisation, or was changed. The URL-safe alphabet and missing
 * padding are taken as well: some SDKs write bytes so.
 */
export const openState = (value: string, key: KeyObject): SealedState | undefined => {
  if (!isSealedState(value)) return undefined
  const sealed = Buffer.from(value, 'base64')
  const bytes = sealed.subarray(0, -macLength)
  if (bytes.length < magicBytes.length + 4 + accountLength) return undefined
  if (!timingSafeEqual(sealed.subarray(-macLength), macOf(bytes, key))) return undefined
  return read(bytes)
}

const macOf = (bytes: Uint8Array, key: KeyObject): Buffer =>
  createHmac('sha256', key).update(bytes).digest().subarray(0, macLength)

/** What was signed here is well-formed, unless a later version wrote it. */
const read = (bytes: Buffer): SealedState | undefined => {
  const reader = new Reader(bytes, magicBytes.length)
  if (reader.byte() !== version) return undefined
  const protocol = protocols[reader.byte()]
  const kind = kinds[reader.byte()]
  const position = positions[reader.byte()]
  const account = reader.take(accountLength).toString('hex')
  const model = reader.text()
  const itemId = reader.text()
  const callId = reader.text()
  const extension = reader.text()
  const pieces = Array.from({ length: reader.number() }, () => reader.piece())
  const text = reader.byte() === 1 ? reader.text() : undefined
  const payload = reader.text()
  if (protocol === undefined || kind === undefined || position === undefined || !reader.isAtEnd) {
    return undefined
  }
  return {
    protocol,
    account,
    model,
    kind,
    position,
    ...(itemId === '' ? {} : { itemId }),
    ...(callId === '' ? {} : { callId }),
    ...(extension === '' ? {} : { extension }),
    pieces,
    ...(text === undefined ? {} : { text }),
    payload,
  }
}

const writeText = (chunks: Uint8Array[], text: string): void => {
  const { encoding, bytes } = encodeText(text)
  chunks.push(Uint8Array.of(encoding), writeNumber(bytes.length), bytes)
}

/** Seven bits a byte, the lowest first; the high bit says that more follow. */
const writeNumber = (number: number): Uint8Array => {
  const bytes: number[] = []
  let left = number
  while (left > 127) {
    bytes.push((left % 128) + 128)
    left = Math.floor(left / 128)
  }
  return Uint8Array.of(...bytes, left)
}

class Reader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0
  }

  number(): number {
    let number = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte()
      number += (byte % 128) * factor
      if (byte < 128) return number
    }
  }

  take(length: number): Buffer {
    const taken = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return taken
  }

  text(): string {
    const encoding = this.byte()
    return decodeText(encoding, this.take(this.number())) ?? ''
  }

  piece(): PieceLayout {
    const number = this.number()
    return { kind: number % 2 === 1 ? 'text' : 'summary', length: Math.floor(number / 2) }
  }
}
