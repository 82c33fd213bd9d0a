import { type JsonScan, memberSplice, type Splice } from '../../wire/index.ts'

/** Both names of the limit are known; servers that read one may refuse the other. */
export const limitOutput = (
  scan: JsonScan,
  limit: number,
  field: 'max_tokens' | 'max_completion_tokens' = 'max_completion_tokens',
): Splice => {
  const written = (['max_completion_tokens', 'max_tokens'] as const).find((name) => scan.top.has(name))
  return memberSplice(scan, written ?? field, String(limit))
}
