import type { ProtocolId } from '../ir/index.ts'
import { checks, type Verdict } from './checks.ts'
import type { Subject } from './subject.ts'

export interface CheckedProtocol {
  readonly protocol: ProtocolId
  readonly results: readonly { readonly check: string; readonly verdict: Verdict }[]
}

/** Runs every check, one after the other: each costs a request or two. What throws has failed. */
export const runChecks = async (
  subject: Subject,
  onResult: (check: string, verdict: Verdict) => void = () => undefined,
): Promise<CheckedProtocol> => {
  const results: { check: string; verdict: Verdict }[] = []
  for (const { name, run } of checks) {
    const verdict = await run(subject).catch(
      (error: unknown): Verdict => ({
        state: 'failed',
        reason: error instanceof Error ? error.message : String(error),
      }),
    )
    results.push({ check: name, verdict })
    onResult(name, verdict)
  }
  return { protocol: subject.protocol.id, results }
}
