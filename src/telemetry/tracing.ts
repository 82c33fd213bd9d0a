import type { SpanFields } from './span-attributes.ts'

export interface TracingSettings {
  /** OTLP over HTTP, e.g. `http://127.0.0.1:4318`; `/v1/traces` is added when missing. Absent: no tracing. */
  readonly endpoint?: string | undefined
  /** Sent with each export, e.g. a backend's authorization. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default `tollgate`. */
  readonly serviceName?: string | undefined
  readonly version?: string | undefined
  /** Share of the traces that begin here which are recorded, 0 to 1. A caller's own decision is followed. Default 1. */
  readonly sampleRatio?: number | undefined
  /** Spans that may wait for the collector; more are dropped. Default 2048. */
  readonly maximumQueue?: number | undefined
  /** Milliseconds between two exports. Default 2000. */
  readonly exportInterval?: number | undefined
  /** Told once when the collector cannot be reached and once when it can be again. */
  readonly onNotice?: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** A span that has begun. After `end` nothing has an effect. */
export interface Span {
  /** For a header that goes to a peer; undefined when nothing is traced. */
  readonly traceparent: string | undefined
  readonly traceId: string | undefined
  set(fields: SpanFields): void
  /** Ends it. With `errorType` (one of our codes, or a class of failure) it has failed. */
  end(errorType?: string): void
}

export interface Tracer {
  /** False: every call costs nothing and does nothing, so callers need not ask, except to save work of their own. */
  readonly enabled: boolean
  /** One exchange: a server span. `traceparent` is the client's header. */
  startExchange(options: { readonly traceparent?: string | null | undefined }, fields?: SpanFields): Span
  /** One upstream call of an exchange: a client span. */
  startAttempt(exchange: Span, fields?: SpanFields): Span
  /** Sends what waits, for at most `timeout` milliseconds (default 3000), and ends. Never rejects. */
  shutdown(timeout?: number): Promise<void>
}

/** The tracer that the settings ask for. The OpenTelemetry SDK (100 ms to load) is loaded only when it is used. */
export const createTracer = async (settings: TracingSettings): Promise<Tracer> => {
  if (settings.endpoint === undefined || settings.endpoint === '') return noTracer
  const { createOtlpTracer } = await import('./otlp-tracer.ts')
  return createOtlpTracer({ ...settings, endpoint: settings.endpoint })
}

const noSpan: Span = {
  traceparent: undefined,
  traceId: undefined,
  set: () => undefined,
  end: () => undefined,
}

/** Traces nothing. */
export const noTracer: Tracer = {
  enabled: false,
  startExchange: () => noSpan,
  startAttempt: () => noSpan,
  shutdown: async () => undefined,
}
