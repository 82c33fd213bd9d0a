import type { Leaf, Operation } from '../../ir/index.ts'
import type { Protocol, ScannedRequest } from '../../protocols/index.ts'

const known = new WeakMap<ScannedRequest, readonly Leaf[]>()

/** Every text of a request, whatever is asked. Read once for all stages that look at the same request. */
export const leavesOf = (
  protocol: Protocol,
  operation: Operation,
  request: ScannedRequest,
): readonly Leaf[] => {
  const before = known.get(request)
  if (before !== undefined) return before
  const leaves = read(protocol, operation, request)
  known.set(request, leaves)
  return leaves
}

const read = (protocol: Protocol, operation: Operation, request: ScannedRequest): readonly Leaf[] => {
  if (request.body.byteLength === 0) return []
  const own = operation === 'embed' ? protocol.embed?.leaves?.(request) : undefined
  return own ?? protocol.generate?.leaves(request) ?? []
}
