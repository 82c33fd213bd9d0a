export { humanLine } from './human-line.ts'
export type { Counter, Gauge, Histogram } from './instrument.ts'
export { createLogFile, type LogFile, type LogFileOptions } from './log-file.ts'
export type { LogFields } from './log-line.ts'
export {
  createLogger,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  type LogOutput,
  logLevels,
} from './logger.ts'
export { mergeExpositions } from './merge-expositions.ts'
export type { Finder, MetricDescription, MetricRegistry } from './metric-registry.ts'
export {
  createMetrics,
  type ExchangeSample,
  type Metrics,
  type MetricsOptions,
  type TokenCounts,
} from './metrics.ts'
export { maskSecrets, safeText } from './redact.ts'
export { createId, createIdSource } from './request-id.ts'
export type { SpanFields } from './span-attributes.ts'
export { createStderrOutput, type StderrOptions } from './stderr-output.ts'
export { type TailOptions, tailLog } from './tail-log.ts'
export { createTracer, noTracer, type Span, type Tracer, type TracingSettings } from './tracing.ts'
