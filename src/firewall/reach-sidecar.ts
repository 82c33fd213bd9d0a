import { createAsker } from '../egress/index.ts'
import type { SidecarSettings } from './sidecar-settings.ts'

const patience = 5_000

/**
 * Tells why a sidecar does not answer; undefined when it does. Nothing is looked at, since that may cost: Presidio says
 * whether it is ready, and of the others any answer says that somebody is there.
 */
export const reachSidecar = async ({ kind, url, headers }: SidecarSettings): Promise<string | undefined> => {
  const address = kind === 'presidio' ? `${url}/health` : `${url}/`
  const answer = await createAsker({ reach: 'anywhere' })(address, {
    method: 'GET',
    ...(headers === undefined ? {} : { headers }),
    timeoutMs: patience,
    maximumBytes: 1024 * 1024,
  })
  if ('fault' in answer)
    return answer.fault === 'too-large' ? undefined : `${url} does not answer (${answer.fault})`
  return kind !== 'presidio' || answer.status === 200 ? undefined : `${address} says ${answer.status}`
}
