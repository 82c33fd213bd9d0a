import {
  type FinishReason,
  type GenerateRequest,
  type GenerateResponse,
  parseJson,
  type ToolCallPart,
} from '../../ir/index.ts'
import type { ShadowMeasures } from '../../ledger/index.ts'
import { editSimilarity } from './edit-similarity.ts'
import { canonicalJson } from './same-json.ts'

/** How like the primary's answer the copy's is, as far as the request makes it matter. Of several choices the first. */
export const compareAnswers = (
  { output }: Pick<GenerateRequest, 'output'>,
  primary: GenerateResponse,
  copy: GenerateResponse,
): ShadowMeasures => {
  const ours = readChoice(primary)
  const theirs = readChoice(copy)
  const wantsJson = output?.type === 'json' || output?.type === 'json-schema'
  const callsTools = ours.calls.length > 0 || theirs.calls.length > 0
  const saysText = ours.text !== '' || theirs.text !== ''
  return {
    sameStop: ours.stop === theirs.stop,
    sameToolCalls: callsTools ? isSame(ours.calls, theirs.calls) : null,
    // With a tool call the text is no answer yet, so its form is free.
    primaryJson: wantsJson && ours.calls.length === 0 ? parseJson(ours.text) !== undefined : null,
    copyJson: wantsJson && theirs.calls.length === 0 ? parseJson(theirs.text) !== undefined : null,
    primaryLength: ours.text.length,
    copyLength: theirs.text.length,
    similarity: saysText ? editSimilarity(ours.text, theirs.text) : null,
  }
}

interface ReadChoice {
  readonly text: string
  /** One spelling for each call, in an order of their own: parallel calls have none. */
  readonly calls: readonly string[]
  readonly stop: StopClass
}

const readChoice = ({ choices: [choice] }: GenerateResponse): ReadChoice => {
  const parts = choice?.parts ?? []
  const text = parts
    .map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : ''))
    .join('')
  const calls = parts.filter((part) => part.type === 'tool-call').map(spellCall)
  const stop = stopClass(choice?.finish?.reason)
  // Some protocols end a tool call with their ordinary word.
  return { text, calls: calls.sort(), stop: stop === 'end' && calls.length > 0 ? 'tools' : stop }
}

const spellCall = ({ kind, namespace = '', name, input }: ToolCallPart): string =>
  JSON.stringify([
    kind,
    namespace,
    name,
    kind === 'custom' ? input : canonicalJson(input === '' ? '{}' : input),
  ])

const isSame = (ours: readonly string[], theirs: readonly string[]): boolean =>
  ours.length === theirs.length && ours.every((call, index) => call === theirs[index])

/** What the end of an answer means for who waits for it. */
type StopClass = 'end' | 'tools' | 'length' | 'paused' | 'refused' | 'failed' | 'unknown'

const stopClass = (reason: FinishReason | undefined): StopClass => {
  switch (reason) {
    case 'end':
    case 'stop-sequence':
      return 'end'
    case 'tool-calls':
      return 'tools'
    case 'length':
    case 'context':
      return 'length'
    case 'pause':
    case 'compacted':
      return 'paused'
    case 'refusal':
    case 'filtered-output':
    case 'filtered-input':
      return 'refused'
    case 'malformed-call':
    case 'no-image':
    case 'failed':
      return 'failed'
    default:
      return 'unknown'
  }
}
