/** How near counts come to what vendors reported of recorded calls: printed, and held within bounds. */
import { expect, test } from 'bun:test'
import {
  blockSplitter,
  type CorpusRecord,
  corpus,
  corpusAvailable,
  runMachine,
  streamBytes,
} from '../../../test/support/corpus.ts'
import type { ProtocolId, Usage } from '../../ir/index.ts'
import type { CountPair } from '../../ledger/index.ts'
import { protocols } from '../../protocols/index.ts'
import { createTokenCounter } from '../../translation/index.ts'
import { compareCall } from './compare-call.ts'
import type { ComparedCounts } from './compare-counts.ts'

const counter = createTokenCounter()
const isThere = corpusAvailable('counts beside what vendors reported')

/** Of the vendors themselves: what others say in their protocols has other counts. */
const recorded: readonly (readonly [
  ProtocolId,
  'chat' | 'responses' | 'anthropic' | 'gemini',
  readonly string[],
])[] = [
  ['openai-chat', 'chat', ['openai']],
  ['openai-responses', 'responses', ['openai']],
  ['anthropic-messages', 'anthropic', ['anthropic']],
  ['gemini', 'gemini', ['google-ai', 'vertex', 'gateway-test']],
]

const compared = async (protocol: ProtocolId, record: CorpusRecord): Promise<ComparedCounts | undefined> => {
  if (record.origin !== 'recorded' || record.status !== 200 || record.request === undefined) return undefined
  const bytes = record.stream ? streamBytes(record) : Buffer.from(record.response?.text ?? '')
  const facts = factsOf(protocol, record, bytes)
  if (facts.usage === undefined || facts.isBroken) return undefined
  const type = record.stream && record.framing === 'sse' ? 'text/event-stream' : 'application/json'
  const { value, text } = record.request
  const named = typeof value === 'object' && value !== null && 'model' in value ? String(value.model) : ''
  const model = named || (/models\/([^:?]+)/.exec(record.endpoint ?? '')?.[1] ?? facts.model ?? '')
  return compareCall(counter, {
    protocol,
    target: { provider: 'p', model },
    usage: facts.usage,
    // Ids of files and earlier answers: the pipeline knows them by the request's handles.
    sent: /"(?:file_id|previous_response_id)": *"/.test(text) ? undefined : Buffer.from(text),
    said: { headers: [['content-type', type]], isStreamed: record.stream, bytes },
  })
}

const factsOf = (
  protocol: ProtocolId,
  record: CorpusRecord,
  bytes: Uint8Array,
): { readonly usage?: Usage; readonly model?: string; readonly isBroken: boolean } => {
  const { meterBody, meterStream } = protocols[protocol]
  const meter = meterStream({ framing: record.framing, hideUsage: false, conform: false })
  if (record.stream) for (const block of runMachine(blockSplitter(record.framing), [bytes])) meter.push(block)
  const { usage, model, ended } = record.stream ? meter.facts() : meterBody(bytes, 'generate')
  return {
    ...(usage === undefined ? {} : { usage }),
    ...(model === undefined ? {} : { model }),
    isBroken: ended !== 'complete' || (usage?.cacheReadTokens ?? 0) > (usage?.inputTokens ?? 0),
  }
}

const rank = (ratios: readonly number[], share: number): number =>
  ratios.toSorted((one, other) => one - other)[Math.max(0, Math.ceil(ratios.length * share) - 1)] ??
  Number.NaN

test.skipIf(!isThere).each(recorded)(
  'half of the counts of %s are nearer than a tenth to what was reported',
  async (protocol, folder, dialects) => {
    const pairs: { readonly input: CountPair[]; readonly output: CountPair[] } = { input: [], output: [] }
    for (const record of corpus(folder)) {
      if (!dialects.includes(record.dialect)) continue
      const { input, output } = (await compared(protocol, record)) ?? {}
      if (input) pairs.input.push(input)
      if (output) pairs.output.push(output)
    }
    for (const [side, all] of Object.entries(pairs)) {
      for (const least of [1, 50, 100]) {
        const ratios = all
          .filter(({ counted }) => counted >= least)
          .map(({ reported, counted }) => reported / counted)
        const [p5, p50, p95] = [0.05, 0.5, 0.95].map((share) => rank(ratios, share).toFixed(3))
        console.log(
          `${protocol} ${side} of ${least} tokens and more: ${ratios.length} calls, median ${p50}, 5 % ${p5}, 95 % ${p95}`,
        )
      }
      const errors = all.map(({ reported, counted }) => Math.abs(reported - counted) / Math.max(reported, 40))
      expect(all.length).toBeGreaterThan(10)
      expect(rank(errors, 0.5)).toBeLessThan(0.1)
    }
  },
)
