import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base'
import { safeText } from './redact.ts'
import { type SpanFields, spanAttributes, spanName } from './span-attributes.ts'
import { formatTraceparent, parseTraceparent } from './traceparent.ts'
import type { Span, Tracer, TracingSettings } from './tracing.ts'

const maximumBatch = 512
/** An export, with its retries, ends after this many milliseconds: the spans after it must not wait for ever. */
const exportTimeout = 10_000

/** Sends spans to a collector in batches. A collector that is away costs a bounded queue and nothing else. */
export const createOtlpTracer = (settings: TracingSettings & { readonly endpoint: string }): Tracer => {
  const maximumQueue = settings.maximumQueue ?? 2048
  const url = tracesUrl(settings.endpoint)
  const exporter = new OTLPTraceExporter({
    url,
    headers: { ...settings.headers },
    timeoutMillis: exportTimeout,
  })
  const processor = new BatchSpanProcessor(withNotices(exporter, new URL(url).origin, settings.onNotice), {
    maxQueueSize: maximumQueue,
    maxExportBatchSize: Math.min(maximumBatch, maximumQueue),
    scheduledDelayMillis: settings.exportInterval ?? 2000,
    exportTimeoutMillis: exportTimeout + 1000,
  })
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': settings.serviceName ?? 'tollgate',
      ...(settings.version === undefined ? {} : { 'service.version': settings.version }),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.sampleRatio ?? 1) }),
    spanProcessors: [processor],
  })
  const tracer = provider.getTracer('tollgate', settings.version)
  // A span that was handed out, with the context that makes it somebody's parent.
  const contexts = new WeakMap<Span, Context>()

  const start = (kind: SpanKind, parent: Context, fields: SpanFields = {}): Span => {
    const inner = tracer.startSpan(spanName(fields), { kind, attributes: spanAttributes(fields) }, parent)
    const { traceId, spanId, traceFlags } = inner.spanContext()
    let known = fields
    const span: Span = {
      traceId,
      traceparent: formatTraceparent({ traceId, spanId, flags: traceFlags }),
      set: (more) => {
        if (!inner.isRecording()) return
        inner.setAttributes(spanAttributes(more))
        if (more.operation === undefined && more.requestModel === undefined) return
        known = { ...known, ...more }
        inner.updateName(spanName(known))
      },
      end: (errorType) => {
        if (errorType !== undefined) {
          inner.setAttribute('error.type', safeText(errorType).slice(0, 128))
          inner.setStatus({ code: SpanStatusCode.ERROR })
        }
        inner.end()
      },
    }
    contexts.set(span, trace.setSpan(parent, inner))
    return span
  }

  return {
    enabled: true,
    startExchange: ({ traceparent }, fields) => start(SpanKind.SERVER, remoteContext(traceparent), fields),
    startAttempt: (exchange, fields) =>
      start(SpanKind.CLIENT, contexts.get(exchange) ?? ROOT_CONTEXT, fields),
    shutdown: async (timeout = 3000) => {
      const ended = provider.shutdown().catch(() => undefined) // told by `withNotices` already
      await Promise.race([ended, Bun.sleep(timeout)])
    },
  }
}

const remoteContext = (header: string | null | undefined): Context => {
  const parent = parseTraceparent(header)
  if (parent === undefined) return ROOT_CONTEXT
  const { traceId, spanId, flags } = parent
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: flags & 1, isRemote: true })
}

/** The path of the OTLP specification, below whatever path the endpoint has. */
const tracesUrl = (endpoint: string): string => {
  const url = new URL(endpoint)
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`
  return url.toString()
}

/** Says once that the collector is away, and once that it is back. */
const withNotices = (
  inner: SpanExporter,
  origin: string,
  onNotice: TracingSettings['onNotice'],
): SpanExporter => {
  let away = false
  let lost = 0
  return {
    export: (spans, done) =>
      inner.export(spans, (result) => {
        // 0 is success in ExportResultCode, whose package is no dependency of ours.
        const failed = result.code !== 0
        if (failed) lost += spans.length
        if (failed && !away)
          onNotice?.('traces cannot be delivered', { collector: origin, error: result.error })
        if (!failed && away) onNotice?.('traces are delivered again', { collector: origin, lost })
        if (!failed) lost = 0
        away = failed
        done(result)
      }),
    shutdown: () => inner.shutdown(),
    forceFlush: () => inner.forceFlush?.() ?? Promise.resolve(),
  }
}
