import { type JsonScan, memberSplice, type Splice } from '../../wire/index.ts'

/** The tokens for thinking must be fewer than the limit, which holds for both. */
export const limitOutput = (scan: JsonScan, limit: number): Splice | undefined =>
  thinkingIn(scan) >= limit ? undefined : memberSplice(scan, 'max_tokens', String(limit))

const thinkingIn = (scan: JsonScan): number => {
  const span = scan.top.get('thinking')
  if (span === undefined) return 0
  // A number does not need the bytes of texts around it, so latin1 does no harm.
  const thinking: unknown = JSON.parse(scan.text.slice(span.start, span.end))
  if (typeof thinking !== 'object' || thinking === null || !('budget_tokens' in thinking)) return 0
  return typeof thinking.budget_tokens === 'number' ? thinking.budget_tokens : 0
}
