import { createHash } from 'node:crypto'
import type { JsonText, ProtocolId, ReasoningPiece, ReasoningState } from '../ir/index.ts'

/** Opaque state of one provider, and what is needed to put it back where it was. What an envelope holds. */
export interface SealedState {
  /** The protocol that said it. */
  readonly protocol: ProtocolId
  /** Which account holds the key to it: `accountOf(provider, credential)`. */
  readonly account: string
  /** The model that was asked. */
  readonly model: string
  /**
   * `none`: readable thoughts without any state; the envelope only tells whose they are. `item`: a whole item.
   * `summary`: what stands for a conversation that had become too long; anybody may read it.
   */
  readonly kind: ReasoningState['kind'] | 'none' | 'item' | 'summary'
  readonly position: StatePosition
  /** The item's id, where the protocol gives one. */
  readonly itemId?: string
  /** Id of the tool call that carries it: some clients of Gemini send state back, but no ids. */
  readonly callId?: string
  /** What the protocol's own decoder noted about the part. */
  readonly extension?: JsonText
  /** The readable pieces that it came with: clients may join them. Lengths are UTF-16 units. */
  readonly pieces: readonly PieceLayout[]
  /** The pieces' text, one after the other, for clients that do not send thoughts back. */
  readonly text?: string
  /** The state itself, unchanged. */
  readonly payload: string
}

export interface PieceLayout {
  readonly kind: ReasoningPiece['kind']
  readonly length: number
}

/**
 * What the state belongs to: the reasoning part itself; the next text, tool call or other part; or an empty text of
 * its own (Gemini closes an answer with one).
 */
export type StatePosition = 'self' | 'text' | 'call' | 'part' | 'alone'

/** Names an account in an envelope without telling it: 16 hex digits. Ids of ours hold no zero byte. */
export const accountOf = (provider: string, credential: string): string =>
  createHash('sha256').update(`${provider}\0${credential}`).digest('hex').slice(0, 16)
