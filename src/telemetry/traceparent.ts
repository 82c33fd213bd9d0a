/** Who called us, as W3C Trace Context says it: `00-<32 hex>-<16 hex>-<2 hex>`. */
export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  /** Bit 0: the caller records this trace. */
  readonly flags: number
}

// Version ff is forbidden; a later version may have more fields after a dash. W3C Trace Context, 2021-11-23, §3.2.2.
const shape = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Undefined for what is absent or malformed: then a new trace begins, as the specification asks. */
export const parseTraceparent = (header: string | null | undefined): TraceParent | undefined => {
  if (header === null || header === undefined || header.length > 256) return undefined
  const [, version, traceId, spanId, flags, more] = shape.exec(header.trim()) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (version === '00' && more !== undefined) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}

export const formatTraceparent = ({ traceId, spanId, flags }: TraceParent): string =>
  `00-${traceId}-${spanId}-${(flags & 1).toString(16).padStart(2, '0')}`
