import { expect, test } from 'bun:test'
import { isLoopbackHost, listenSettings } from './settings.ts'

test('without a word the gateway listens on loopback, with everything on one port', () => {
  expect(listenSettings.parse(undefined)).toEqual({
    host: '127.0.0.1',
    port: 8081,
    mode: 'single',
    ports: { facade: 8081, admin: 8079, openai: 8082, anthropic: 8083, gemini: 8084 },
    endpoints: {
      facade: ['openai_core', 'openai_responses', 'anthropic', 'gemini_native', 'health'],
      admin: ['admin', 'health'],
      openai: ['openai_core', 'openai_responses', 'health'],
      anthropic: ['anthropic', 'health'],
      gemini: ['gemini_native', 'health'],
    },
    work_modes: {},
    trusted_proxies: [],
    max_body: 32 * 1024 * 1024,
    max_nesting: 512,
    body_timeout: 30_000,
    concurrent_exchanges: 4000,
    max_in_flight_bytes: 1024 ** 3,
  })
})

test('a section that names one port keeps the others', () => {
  expect(listenSettings.parse({ ports: { admin: 1 } }).ports).toMatchObject({ admin: 1, gemini: 8084 })
})

test('tls needs both files', () => {
  expect(listenSettings.safeParse({ tls: { cert_file: 'a' } }).success).toBe(false)
})

test('loopback hosts are those that only this machine reaches', () => {
  for (const host of [
    'localhost',
    'LOCALHOST',
    '127.0.0.1',
    '127.1.2.3',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
  ]) {
    expect(isLoopbackHost(host)).toBe(true)
  }
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.0.0.1.example.com',
    'localhost.example.com',
    '1127.0.0.1',
    '',
  ]) {
    expect(isLoopbackHost(host)).toBe(false)
  }
})

test('a port says its work mode or leaves it to the gateway', () => {
  const modes = (work_modes: object) => listenSettings.safeParse({ work_modes })
  expect(modes({ openai: 'passthrough', gemini: 'translation' }).data?.work_modes).toEqual({
    openai: 'passthrough',
    gemini: 'translation',
  })
  expect(modes({ openai: 'sideways' }).success).toBe(false)
  expect(modes({ open: 'auto' }).success).toBe(false)
})
