import {
  type Extensions,
  extend,
  isJsonObject,
  type Part,
  type ProtocolId,
  parseJson,
  type ReasoningPart,
  type ReasoningPiece,
  type ReasoningState,
} from '../../ir/index.ts'
import { isSealedState, type SealedState } from '../../sessions/index.ts'
import { restoredPieces } from './restored-pieces.ts'
import type { StateOpener } from './state-origin.ts'

/** A part of the history, and where it stands. */
export interface HistoryPart {
  readonly part: Part
  /** Index of its turn in the request. */
  readonly turn: number
  /** Where it is in the client's request. */
  readonly path: string
  /** It came out of an envelope; where the protocol has items, as one with these members. */
  readonly restored?: { readonly item?: Extensions }
}

export interface RestoreContext {
  readonly opener: StateOpener
  readonly protocol: ProtocolId
  /** The history was said in the target's own protocol. */
  readonly isOwn: boolean
  /** The target has refused state of this history as it is. */
  readonly isRefused: boolean
  /** The target wants readable thoughts back, without state. */
  readonly keepsText: boolean
  /** Told of each part that loses its reasoning. */
  readonly lose: (lost: HistoryPart, reason: string) => void
}

/**
 * The parts between two words of the user, with their state as the target gave it (translation.md §7.4): envelopes of
 * the target are opened and put back where their content was; all other foreign state goes, and with it thoughts that
 * the target takes from nobody else. Thoughts never become visible text.
 */
export const restoreRun = (run: readonly HistoryPart[], context: RestoreContext): readonly HistoryPart[] => {
  const { opener, protocol, isOwn, isRefused, keepsText, lose } = context
  const out: HistoryPart[] = []
  /** Thoughts without state: they may belong to the envelope on the next part. */
  let thoughts: HistoryPart[] = []
  /** State that waits for the part it belongs to. */
  let waiting: { readonly at: HistoryPart; readonly state: SealedState } | undefined
  /** Readable thoughts that went; no loss where their state was restored. */
  let silent: HistoryPart | undefined
  let hasState = false

  const flushThoughts = (): void => {
    for (const thought of thoughts) {
      if (isOwn) out.push(thought)
      else if (keepsText) out.push({ ...thought, part: readable(piecesOf(thought.part)) })
      else silent ??= thought
    }
    thoughts = []
  }
  const dropForeign = (at: HistoryPart, pieces: readonly ReasoningPiece[]): void => {
    if (keepsText && pieces.length > 0) out.push({ ...at, part: readable(pieces) })
    else
      lose(at, isRefused ? 'the provider refuses the state' : 'state of another provider, account or model')
  }
  const dropInvalid = (at: HistoryPart): void =>
    lose(at, 'the state was not given to this organisation, or was changed')
  const dropWaiting = (): void => {
    if (waiting !== undefined) lose(waiting.at, 'the part that the state belongs to is gone')
    waiting = undefined
  }

  const restoreOwn = (at: HistoryPart, state: SealedState, given: readonly ReasoningPiece[]): void => {
    if (stateOf(state).state === undefined) {
      if (keepsText && given.length > 0) out.push({ ...at, part: readable(given) })
      return
    }
    const pieces = restoredPieces(state, given) ?? (protocol === 'anthropic-messages' ? undefined : given)
    if (pieces === undefined) {
      lose(at, 'the thoughts that the state belongs to were changed')
      return
    }
    hasState = true
    out.push({ ...at, part: originalPart(state, pieces), restored: itemOf(state) })
  }

  const onReasoning = (at: HistoryPart, part: ReasoningPart): void => {
    const { state } = part
    if (state === undefined) {
      thoughts.push(at)
      return
    }
    flushThoughts()
    if (!isSealedState(state.value)) {
      if (isRefused || state.protocol !== protocol) dropForeign(at, part.pieces)
      else out.push(at)
      return
    }
    const sealed = opener.open(state.value)
    if (sealed === undefined) dropInvalid(at)
    else if (!opener.isOfTarget(sealed)) {
      dropForeign(at, restoredPieces(sealed, part.pieces) ?? part.pieces)
    } else if (sealed.position === 'self') restoreOwn(at, sealed, part.pieces)
    else {
      dropWaiting()
      hasState = true
      if (sealed.position === 'alone') {
        out.push({ ...at, part: { type: 'text', text: '', ...stateOf(sealed) } })
      } else waiting = { at, state: sealed }
    }
  }

  /** The part with the state that it may have, after what comes before it. */
  const withOwnState = (at: HistoryPart): Part => {
    const { part } = at
    const { state } = part
    if (state === undefined) return part
    if (!isSealedState(state.value)) {
      if (state.protocol === protocol && !isRefused) return part
      lose(at, isRefused ? 'the provider refuses the state' : 'state of another provider')
      return withoutState(part)
    }
    const sealed = opener.open(state.value)
    if (sealed === undefined) {
      dropInvalid(at)
      return withoutState(part)
    }
    if (opener.isOfTarget(sealed) && sealed.position !== 'self') {
      hasState = true
      return { ...withoutState(part), ...stateOf(sealed) }
    }
    // Gemini's clients carry the state of thoughts on the part behind them.
    const given = sealed.position === 'self' ? thoughts.flatMap((thought) => piecesOf(thought.part)) : []
    if (sealed.position === 'self') thoughts = []
    if (opener.isOfTarget(sealed)) restoreOwn(at, sealed, given)
    else dropForeign(at, restoredPieces(sealed, given) ?? given)
    return withoutState(part)
  }

  const onOther = (at: HistoryPart): void => {
    const own = withOwnState(at)
    flushThoughts()
    const isCarrier = own !== at.part && own.type === 'text' && own.text === '' && own.state === undefined
    if (isCarrier) return
    if (waiting !== undefined && own.state === undefined && placeOf(own) === waiting.state.position) {
      out.push({ ...at, part: { ...withoutState(own), ...stateOf(waiting.state) } })
      waiting = undefined
    } else out.push(own === at.part ? at : { ...at, part: own })
  }

  for (const at of run) {
    if (at.part.type === 'reasoning') onReasoning(at, at.part)
    else onOther(at)
  }
  flushThoughts()
  dropWaiting()
  if (silent !== undefined && !hasState) lose(silent, 'thoughts of another provider are not taken')
  return out
}

const piecesOf = (part: Part): readonly ReasoningPiece[] => (part.type === 'reasoning' ? part.pieces : [])

const readable = (pieces: readonly ReasoningPiece[]): ReasoningPart => ({ type: 'reasoning', pieces })

/** Raw source holds the state that the client sent. */
const withoutState = (part: Part): Part => {
  const { state: _state, raw: _raw, ...rest } = part
  return rest
}

const placeOf = (part: Part): SealedState['position'] =>
  part.type === 'tool-call' ? 'call' : part.type === 'text' ? 'text' : 'part'

const stateOf = (sealed: SealedState): { readonly state?: ReasoningState } =>
  sealed.kind === 'none' || sealed.kind === 'item' || sealed.kind === 'summary'
    ? {}
    : { state: { protocol: sealed.protocol, kind: sealed.kind, value: sealed.payload } }

const originalPart = (sealed: SealedState, pieces: readonly ReasoningPiece[]): ReasoningPart => {
  const extension = sealed.extension === undefined ? undefined : parseJson(sealed.extension)
  return {
    type: 'reasoning',
    pieces,
    ...stateOf(sealed),
    ...(isJsonObject(extension) ? extend(sealed.protocol, extension) : {}),
  }
}

/** OpenAI checks the prefix of an item's id. */
const itemOf = ({ protocol, itemId }: SealedState): NonNullable<HistoryPart['restored']> =>
  protocol === 'openai-responses' && itemId !== undefined && /^rs_[A-Za-z0-9_-]{1,61}$/.test(itemId)
    ? { item: { [protocol]: { id: itemId } } }
    : {}
