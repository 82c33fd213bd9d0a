import type { CanonicalError } from '../../ir/index.ts'
import { encodeFrame, scanJson, stringMember, valueAt } from '../../wire/index.ts'
import { openaiErrorObject } from '../openai-error-codec.ts'
import type { AnswerFacts, StreamMeter } from '../protocol.ts'
import { errors } from './errors.ts'
import { decodeUsage } from './usage.ts'

const nothing: ReadonlySet<string> = new Set()
const maxDepth = 512

/** Reads usage and model from their spans: the vectors are never parsed. */
export const meterBody = (body: Uint8Array): AnswerFacts => {
  try {
    const scan = scanJson(body, nothing, maxDepth)
    const failure = scan.top.get('error')
    if (failure !== undefined && isTruthy(valueAt(scan, failure))) {
      return { handles: [], ended: 'failed', error: errors.decode(200, new Headers(), body) }
    }
    const counted = scan.top.get('usage')
    const usage = counted === undefined ? undefined : decodeUsage(valueAt(scan, counted))
    const model = stringMember(scan, 'model')
    return {
      ...(usage === undefined ? {} : { usage }),
      ...(model === undefined ? {} : { model }),
      ...(scan.top.has('data') ? { ended: 'complete' as const } : {}),
      handles: [],
    }
  } catch {
    return { handles: [] }
  }
}

/** Embeddings do not stream; whatever comes as a stream passes and says nothing. */
export const meterStream = (): StreamMeter => ({
  push: (block) => block,
  hasContent: false,
  hasText: false,
  facts: () => ({ handles: [] }),
  violations: () => [],
  fail: (error: CanonicalError) => [
    encodeFrame({ data: JSON.stringify({ error: openaiErrorObject('openai-embeddings', error) }) }),
  ],
})

const isTruthy = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== ''
