import type { Settings } from '../../settings.ts'
import type { CliContext } from '../cli-context.ts'
import { type Finding, fine, wrong } from './finding.ts'

/** Does each sidecar of the firewall answer? */
export const checkSidecars = ({ actions }: CliContext, { firewall }: Settings): Promise<readonly Finding[]> =>
  Promise.all(
    firewall.sidecars.map(async (sidecar) => {
      const { id, kind, url } = sidecar
      const check = `sidecar ${id}`
      const fault = await actions.reachSidecar(sidecar)
      if (fault === undefined) return fine(check, `${kind}, ${url} answers`)
      return wrong(check, fault, 'check that it runs, and its `url` in `firewall.sidecars`')
    }),
  )
