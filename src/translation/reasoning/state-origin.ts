import type { KeyObject } from 'node:crypto'
import { accountOf, openState, type SealedState } from '../../sessions/index.ts'
import type { TranslationTarget } from '../pass.ts'
import { modelFamily } from './model-family.ts'

/** Opens envelopes for one target. */
export interface StateOpener {
  /** Undefined: not sealed for this organisation, or changed on its way. */
  open(value: string): SealedState | undefined
  /** Did this state come from the account and the model family that are asked now, and do these take it? */
  isOfTarget(state: SealedState): boolean
}

export const stateOpener = (target: TranslationTarget, key: KeyObject): StateOpener => {
  const account = accountOf(target.provider, target.credential)
  const family = modelFamily(target.model)
  return {
    open: (value) => openState(value, key),
    isOfTarget: (state) =>
      target.refusedState !== true &&
      state.protocol === target.protocol &&
      state.account === account &&
      (state.model === target.model || modelFamily(state.model) === family),
  }
}
