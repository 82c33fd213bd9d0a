import type { Exchange } from '../../pipeline/index.ts'
import type { Authenticated } from './authenticate.ts'

/** Is a request refused that cannot be said to a provider whole? The key's own word counts; without one the request decides. */
export const isStrict = ({ identity, incoming }: Exchange & Authenticated): boolean =>
  identity.options.strict ?? incoming.headers.get('x-tollgate-strict')?.toLowerCase() === 'true'
