import { GatewayError } from '../../errors.ts'
import { stringMember } from '../../wire/index.ts'
import type { RequestFacts, ScannedRequest } from '../protocol.ts'

/** Nothing in an embedding request refers to upstream state. */
export const watchedKeys: ReadonlySet<string> = new Set()

export const facts = ({ scan, headers }: ScannedRequest): RequestFacts => {
  if (scan.rootType !== 'object') {
    throw new GatewayError(
      'gateway_request_invalid',
      `invalid type for 'body': expected an object, but got ${scan.rootType === 'array' ? 'an array' : 'a scalar'} instead`,
    )
  }
  const model = stringMember(scan, 'model')
  const span = scan.top.get('model')
  if (model === undefined && span !== undefined) {
    throw new GatewayError('gateway_request_invalid', "invalid type for 'model': expected a string", {
      param: 'model',
    })
  }
  const session = headers.get('x-session-id')
  return {
    ...(model === undefined ? {} : { model }),
    ...(span === undefined ? {} : { modelSpan: span }),
    ...(session === null ? {} : { session }),
    stream: false,
    handles: [],
  }
}
