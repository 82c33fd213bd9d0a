import { z } from 'zod'
import { byteSize, filePath, httpUrl, secretText, settingMeta, text, wholeNumber } from '../config/index.ts'
import type { LogLevel } from './logger.ts'

const logLevelNames = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
] as const satisfies readonly LogLevel[]

const log = z.strictObject({
  level: z
    .enum(logLevelNames)
    .prefault('info')
    .register(settingMeta, { reloads: true })
    .describe('Least level that is written.'),
  file: z
    .union([z.boolean(), filePath()])
    .prefault(true)
    .register(settingMeta, { expects: '`true`, `false` or the path of a folder' })
    .describe('Write log files: `true` into `<data_dir>/logs`, a path into that folder, `false` none.'),
  max_size: byteSize()
    .prefault('50MB')
    .describe('A log file of this size is followed by the next, in bytes or with a unit.'),
  keep_days: wholeNumber(1, 3650).prefault(14).describe('Log files older than this many days are deleted.'),
  keep_files: wholeNumber(1, 100_000).prefault(30).describe('Most log files that are kept.'),
  access: z.boolean().prefault(true).describe('Write one line for each exchange.'),
})

const metrics = z.strictObject({
  enabled: z.boolean().prefault(true).describe('Serve Prometheus metrics at `/metrics`.'),
  token: secretText()
    .optional()
    .describe('Bearer token that opens `/metrics` and nothing else; the admin token does too.'),
})

const tracing = z.strictObject({
  endpoint: httpUrl()
    .optional()
    .describe('OpenTelemetry collector, OTLP over HTTP; without it nothing is traced.'),
  headers: z
    .record(z.string().min(1), z.string())
    .prefault({})
    .register(settingMeta, { secret: 'value', expects: 'a section (`name: value` lines)' })
    .describe('Headers for the collector.'),
  sample_ratio: z
    .number()
    .min(0)
    .max(1)
    .prefault(1)
    .register(settingMeta, { expects: 'a number from 0 to 1' })
    .describe('Share of the traces begun here that are recorded.'),
  service_name: text().prefault('tollgate').describe('`service.name` of the traces.'),
})

/** The `telemetry` section. Sizes are parsed to bytes. */
export const telemetrySettings = z
  .strictObject({
    log: log.prefault({}).describe('Logs.'),
    metrics: metrics.prefault({}).describe('Metrics.'),
    tracing: tracing.prefault({}).describe('Traces.'),
  })
  .prefault({})
  .describe('Logs, metrics and traces.')

export type TelemetrySettings = z.output<typeof telemetrySettings>
