import type { KeyObject } from 'node:crypto'
import type { Part, PartEndEvent, ReasoningState, StreamEvent, ToolCallPart, Turn } from '../ir/index.ts'
import {
  accountOf,
  isSealedState,
  openState,
  type SealedState,
  type StateKeysOf,
  sealState,
} from '../sessions/index.ts'
import type { Machine } from '../wire/index.ts'
import type { Pass, TranslationTarget } from './pass.ts'

/**
 * Gemini's calls may do without ids, and many of its clients drop those that they were given; but they send the
 * signature of a part back. So each call of an answer takes the upstream's id along in an envelope there, and the
 * history gets it back: the upstream sees its own ids again.
 *
 * It comes before the tools' passes: on the way in these need the ids, on the way back they have settled them.
 */
export const carriedCallIds = (keysOf: StateKeysOf): Pass => ({
  name: 'carried call ids',
  run(request, { organisation, target }) {
    if (request.protocol !== 'gemini') return { request }
    const key = keysOf(organisation).sign
    const turns = restored(request.turns, key, target.protocol !== 'gemini')
    const taken = turns === request.turns ? request : { ...request, turns }
    return target.protocol === 'gemini'
      ? { request: taken }
      : { request: taken, answer: () => carryIds(target, key) }
  },
})

interface OpenCall {
  readonly name: string
  readonly id: string | undefined
  isAnswered: boolean
}

/** @param givesIds the target has ids; otherwise envelopes that hold nothing else only go */
const restored = (turns: readonly Turn[], key: KeyObject, givesIds: boolean): readonly Turn[] => {
  const calls: OpenCall[] = []
  let isSame = true
  const result = turns.map((turn) => {
    const parts = turn.parts.map((part): Part => {
      if (part.type === 'tool-call') {
        const call = restoredCall(part, key, givesIds)
        calls.push({ name: call.name, id: part.id === undefined ? call.id : undefined, isAnswered: false })
        return call
      }
      if (part.type !== 'tool-result' || part.callId !== undefined) return part
      // Without ids the results of a name come in the order of its calls.
      const call = calls.find(({ name, isAnswered }) => !isAnswered && name === part.name)
      if (call === undefined) return part
      call.isAnswered = true
      return call.id === undefined ? part : { ...part, callId: call.id }
    })
    if (parts.every((part, index) => part === turn.parts[index])) return turn
    isSame = false
    const { raw: _raw, ...rest } = turn
    return { ...rest, parts }
  })
  return isSame ? turns : result
}

const restoredCall = (part: ToolCallPart, key: KeyObject, givesIds: boolean): ToolCallPart => {
  const { state, raw: _raw, ...rest } = part
  const sealed = state === undefined || !isSealedState(state.value) ? undefined : openState(state.value, key)
  if (state === undefined || sealed?.callId === undefined) return part
  const call = givesIds && part.id === undefined ? { ...rest, id: sealed.callId } : rest
  return isOnlyId(sealed) ? call : { ...call, state }
}

const isOnlyId = ({ kind, pieces, payload }: SealedState): boolean =>
  kind === 'none' && pieces.length === 0 && payload === ''

const carryIds = (target: TranslationTarget, key: KeyObject): Machine<StreamEvent, StreamEvent> => {
  const account = accountOf(target.provider, target.credential)
  /** State without words: if a call is next, it will stand there. */
  let waiting: (PartEndEvent & { readonly state: ReasoningState }) | undefined

  const withId = (state: ReasoningState, callId: string): ReasoningState => {
    const sealed = openState(state.value, key)
    return sealed === undefined ? state : { ...state, value: sealState({ ...sealed, callId }, key) }
  }
  const onlyId = (callId: string): ReasoningState => {
    const value = { protocol: target.protocol, account, model: target.model, kind: 'none' } as const
    const sealed = sealState({ ...value, position: 'call', pieces: [], payload: '', callId }, key)
    return { protocol: 'gemini', kind: 'thought-signature', value: sealed }
  }
  const carrying = (part: ToolCallPart): ToolCallPart => {
    if (part.id === undefined) return part
    return { ...part, state: part.state === undefined ? onlyId(part.id) : withId(part.state, part.id) }
  }
  const settle = (event: StreamEvent): readonly StreamEvent[] => {
    switch (event.type) {
      case 'reasoning-end':
        if (event.state === undefined || !isSealedState(event.state.value)) return [event]
        waiting = { ...event, state: event.state }
        return []
      case 'tool-call-start':
      case 'part':
        return event.part.type === 'tool-call' ? [{ ...event, part: carrying(event.part) }] : [event]
      default:
        return [event]
    }
  }
  return {
    push(event) {
      if (waiting === undefined) return settle(event)
      const held = waiting
      waiting = undefined
      const part = event.type === 'tool-call-start' || event.type === 'part' ? event.part : undefined
      const isCarrier = part?.type === 'tool-call' && part.id !== undefined && part.state === undefined
      return isCarrier ? [{ ...held, state: withId(held.state, part.id) }, event] : [held, ...settle(event)]
    },
    end() {
      const left = waiting === undefined ? [] : [waiting]
      waiting = undefined
      return left
    },
  }
}
