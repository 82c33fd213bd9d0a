import { expect, test } from 'bun:test'
import { logLevels } from './logger.ts'
import { telemetrySettings } from './settings.ts'

test('without a word there are log files and metrics, and no traces', () => {
  expect(telemetrySettings.parse(undefined)).toEqual({
    log: {
      level: 'info',
      file: true,
      max_size: 50 * 1024 * 1024,
      keep_days: 14,
      keep_files: 30,
      access: true,
    },
    metrics: { enabled: true },
    tracing: { headers: {}, sample_ratio: 1, service_name: 'tollgate' },
  })
})

test('every level of the logger can be asked for', () => {
  for (const level of Object.keys(logLevels)) {
    expect(telemetrySettings.safeParse({ log: { level } }).success).toBe(true)
  }
})

test('log files go to a folder, or nowhere', () => {
  expect(telemetrySettings.parse({ log: { file: '/var/log/tollgate' } }).log.file).toBe('/var/log/tollgate')
  expect(telemetrySettings.parse({ log: { file: false } }).log.file).toBe(false)
  expect(telemetrySettings.safeParse({ log: { file: 1 } }).success).toBe(false)
})

test('a share of traces is between none and all', () => {
  expect(telemetrySettings.parse({ tracing: { sample_ratio: 0.25 } }).tracing.sample_ratio).toBe(0.25)
  for (const sample_ratio of [-0.1, 1.1, Number.NaN, '1']) {
    expect(telemetrySettings.safeParse({ tracing: { sample_ratio } }).success).toBe(false)
  }
})
