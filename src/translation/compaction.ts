import type { KeyObject } from 'node:crypto'
import {
  type CanonicalError,
  type FinishEvent,
  type GenerateRequest,
  type OpaquePart,
  type StreamEvent,
  summaryText,
  type Turn,
} from '../ir/index.ts'
import { accountOf, openState, sealState } from '../sessions/index.ts'
import type { Machine } from '../wire/index.ts'
import type { Pass, TranslationTarget } from './pass.ts'

/** Fixed words of ours (docs/translation.md): what is asked for in place of OpenAI's own compaction. */
const askForSummary = [
  'Summarize this conversation for somebody who goes on with the work and sees nothing of it but your summary.',
  'Say what was asked for and what the user wants to be respected; what was done, found out and decided, with the',
  'names, paths, commands, identifiers and errors that matter, word for word; and what is left to do, in order.',
  'Answer with the summary alone, as text, and call no tool.',
].join(' ')

/**
 * Codex ends a conversation that has become too long with the item `compaction_trigger` and exits unless the answer
 * holds a `compaction` item, which it sends in place of the history from then on (clients.md §2). Only OpenAI
 * makes such items; every other provider is asked for a summary in words. Tools and their settings stay as they are, as
 * the conversation is long and what the provider has cached of it depends on them.
 */
export const compaction: Pass = {
  name: 'compaction',
  run(request, { target, warn }) {
    const trigger = request.turns.at(-1)
    if (trigger === undefined || !wantsSummary(request, target)) return { request }
    const path = trigger.at ?? `turns[${request.turns.length - 1}]`
    warn('approximated', 'compaction', path, 'the provider is asked for a summary in words')
    const { output: _output, toolChoice, ...rest } = request
    const turns = [...request.turns.slice(0, -1), askingTurn(trigger)]
    const isFree = toolChoice?.type === 'auto' || toolChoice?.type === 'none'
    return { request: { ...rest, turns, ...(isFree ? { toolChoice } : {}) } }
  },
}

/** Does a request end with the wish for a compaction that this target does not make? */
export const wantsSummary = (
  { protocol, turns }: GenerateRequest,
  target: Pick<TranslationTarget, 'protocol'>,
): boolean => {
  const [part, ...more] = turns.at(-1)?.parts ?? []
  const isTrigger = part?.type === 'opaque' && part.name === 'compaction_trigger' && more.length === 0
  return isTrigger && protocol === 'openai-responses' && protocol !== target.protocol
}

const askingTurn = ({ at }: Turn): Turn => ({
  role: 'user',
  parts: [{ type: 'text', text: askForSummary }],
  ...(at === undefined ? {} : { at }),
})

/**
 * The words that stand for a compaction of ours in later requests; undefined for what this organisation was not given.
 * @param key `StateKeys.sign` of the organisation
 */
export const summaryIn = (state: string, key: KeyObject): string | undefined => {
  const sealed = openState(state, key)
  return sealed?.kind === 'summary' ? summaryText(sealed.payload) : undefined
}

/**
 * Makes one compaction of an answer's text, which the client carries in an envelope; whatever else the answer says would
 * be lost with the history. Runs behind the firewall's machines, which read words. An answer without a whole summary
 * ends in an error: the client would go on without its history.
 */
export const summaryAnswer = (
  target: TranslationTarget,
  key: KeyObject,
): Machine<StreamEvent, StreamEvent> => {
  let text = ''
  let failure: CanonicalError | undefined = noSummary('no end')
  const finished = (event: FinishEvent): readonly StreamEvent[] => {
    const { reason } = event.finish
    const isWhole = text.trim() !== '' && (reason === 'end' || reason === 'stop-sequence')
    failure = isWhole ? undefined : noSummary(reason)
    if (!isWhole) return []
    return [
      { type: 'part', index: 0, part: compactionOf(text, target, key) },
      { ...event, finish: { ...event.finish, reason: 'compacted' } },
    ]
  }
  return {
    push(event) {
      if ('choice' in event && (event.choice ?? 0) !== 0) return []
      switch (event.type) {
        case 'text-start':
        case 'part':
          if (event.part.type === 'text') text += event.part.text
          return []
        case 'text-delta':
          text += event.text
          return []
        case 'finish':
          return finished(event)
        case 'end':
          // Not before: what the failure has cost comes behind the finish.
          return failure === undefined ? [event] : [{ type: 'error', error: failure }]
        case 'start':
        case 'usage':
        case 'error':
        case 'extension':
          return [event]
        default:
          return []
      }
    },
    end: () => [],
  }
}

const noSummary = (reason: string): CanonicalError => ({
  kind: 'upstream',
  code: 'gateway_upstream_invalid',
  message: `the provider wrote no whole summary of the conversation (${reason})`,
})

const compactionOf = (
  summary: string,
  { protocol, provider, credential, model }: TranslationTarget,
  key: KeyObject,
): OpaquePart => ({
  type: 'opaque',
  name: 'compaction',
  state: {
    protocol: 'openai-responses',
    kind: 'encrypted',
    value: sealState(
      {
        protocol,
        model,
        account: accountOf(provider, credential),
        kind: 'summary',
        position: 'self',
        pieces: [],
        payload: summary,
      },
      key,
    ),
  },
})
