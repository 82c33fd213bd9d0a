import type { GenerateRequest } from '../../ir/index.ts'
import type { StateKeysOf } from '../../sessions/index.ts'
import type { Pass, TranslationContext } from '../pass.ts'
import { answerStates } from './answer-states.ts'
import { restoreTurns } from './history-turns.ts'
import { withSignatures } from './lost-signatures.ts'
import { withoutThinking } from './lost-thinking.ts'
import { pairItems } from './pair-items.ts'
import type { HistoryPart, RestoreContext } from './restore-run.ts'
import { stateOpener } from './state-origin.ts'

/**
 * Reasoning state in both directions (translation.md §7.3, §7.4): what the history brings back is opened for the
 * target that it came from and dropped for every other; what the answer says is sealed for the client to keep.
 * For a request of the target's own protocol it only takes envelopes out.
 */
export const reasoningState = (keysOf: StateKeysOf): Pass => ({
  name: 'reasoning state',
  run(request, context) {
    const { organisation, target, asked = request } = context
    const key = keysOf(organisation).sign
    const restored = withHistory(request, context, keysOf)
    const isOwn = request.protocol === target.protocol
    // What a client of the target's own protocol left out by itself is between the two of them.
    if (isOwn && restored === request) return { request }
    const settled = withSignatures(withoutThinking(restored, context), context)
    if (isOwn) return { request: settled }
    // How the client wants its answer is not how the target was asked for it.
    return { request: settled, answer: () => answerStates({ request: asked, target, key }) }
  },
})

const withHistory = (
  request: GenerateRequest,
  { organisation, target, warn, refuse }: TranslationContext,
  keysOf: StateKeysOf,
): GenerateRequest => {
  const isRefused = target.refusedState === true
  let first: { readonly at: HistoryPart; readonly reason: string } | undefined
  const lost = new Set<number>()
  const lose: RestoreContext['lose'] = (at, reason) => {
    first ??= { at, reason }
    lost.add(at.turn)
    if (isRefused && at.part.type === 'opaque')
      refuse('compaction', at.path, 'the provider cannot read what it compacted')
  }
  const turns = restoreTurns(request.turns, {
    opener: stateOpener(target, keysOf(organisation).sign),
    protocol: target.protocol,
    isOwn: request.protocol === target.protocol,
    isRefused,
    keepsText: target.protocol === 'openai-chat' && target.capabilities.reasoningTextInHistory,
    lose,
  })
  const paired =
    target.protocol === 'openai-responses' ? pairItems(turns, lost, lose) : turns.map(({ turn }) => turn)
  if (first !== undefined) warn('dropped', 'reasoning', first.at.path, first.reason)
  const isSame =
    paired.length === request.turns.length && paired.every((turn, index) => turn === request.turns[index])
  return isSame ? request : { ...request, turns: paired }
}
