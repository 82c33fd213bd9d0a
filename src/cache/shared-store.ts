import type { KeyObject } from 'node:crypto'
import type { State } from '../state/index.ts'
import type { AnswerPlace, AnswerStore } from './answer-store.ts'
import { openAnswer, sealAnswer } from './seal-answer.ts'

export interface SharedStoreOptions {
  readonly state: Pick<State, 'get' | 'set' | 'clear'>
  /** An organisation's own key, the same at all gateways that share. */
  readonly keyOf: (organisation: string) => KeyObject
}

/** Shared by all gateways with the same Redis, which bounds its memory itself. What lies there is sealed. */
export const sharedStore = ({ state, keyOf }: SharedStoreOptions): AnswerStore => ({
  async get(place) {
    const sealed = await state.get(nameOf(place))
    return sealed === undefined ? undefined : openAnswer(sealed, place, keyOf(place.organisation))
  },
  set: (place, text, ttl) =>
    state.set(nameOf(place), sealAnswer(text, place, keyOf(place.organisation)), ttl),
  clear: (organisation) => state.clear(organisation === undefined ? prefix : `${prefix}${organisation}/`),
  size: () => undefined,
})

const prefix = 'answers/'

const nameOf = ({ organisation, hash }: AnswerPlace): string => `${prefix}${organisation}/${hash}`
