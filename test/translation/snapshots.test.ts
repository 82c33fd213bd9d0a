/**
 * Law 5: everything that one protocol says is said in every other without throwing, and each result is a file that
 * people can read: `<client>/<case>.<provider>.snap`. `TGW_UPDATE_SNAPSHOTS=1` writes them anew.
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ProtocolId } from '../../src/ir/index.ts'
import { probes } from '../../tools/translation-probes.ts'
import { emittedAnswer, emittedError, emittedRequest, emittedStream, models } from './emitted.ts'
import { answerFixtures } from './fixtures/answers.ts'
import { openaiChat } from './fixtures/openai-chat.ts'

const updates = process.env['TGW_UPDATE_SNAPSHOTS'] === '1'
const everyProtocol = Object.keys(models) as readonly ProtocolId[]
const seen = new Set<string>()

const check = (client: ProtocolId, name: string, provider: ProtocolId, emitted: string): void => {
  const path = join(import.meta.dir, client, `${name}.${provider}.snap`)
  seen.add(path)
  const text = `${emitted}\n`
  if (updates) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  expect(existsSync(path) ? readFileSync(path, 'utf8') : 'no such file').toBe(text)
}

const nameOf = (feature: string): string => feature.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')

for (const [client, features] of probes) {
  const bodies = new Map(features.map(({ feature, body }) => [`request-${nameOf(feature)}`, body as object]))
  if (client === 'openai-chat') {
    for (const [name, body] of Object.entries(openaiChat.requests)) bodies.set(`request-case-${name}`, body)
  }
  describe(`requests of ${client}`, () => {
    for (const provider of everyProtocol.filter((one) => one !== client)) {
      for (const [name, body] of bodies) {
        test(`${name} to ${provider}`, () =>
          check(client, name, provider, emittedRequest(client, provider, body)))
      }
    }
  })
}

for (const [provider, { answers, streams, errors }] of answerFixtures) {
  for (const client of everyProtocol.filter((one) => one !== provider)) {
    describe(`what ${provider} says to a client of ${client}`, () => {
      for (const [name, body] of Object.entries(answers)) {
        test(`answer ${name}`, () =>
          check(client, `answer-${name}`, provider, emittedAnswer(client, provider, body)))
      }
      for (const [name, events] of Object.entries(streams)) {
        test(`stream ${name}`, () => {
          const emitted = emittedStream(client, provider, events)
          expect(emitted).not.toContain('breaks: ')
          check(client, `stream-${name}`, provider, emitted)
        })
      }
      for (const [name, error] of Object.entries(errors)) {
        test(`error ${name}`, () =>
          check(client, `error-${name}`, provider, emittedError(client, provider, error)))
      }
    })
  }
}

afterAll(() => {
  const stale = everyProtocol.flatMap((client) => {
    const folder = join(import.meta.dir, client)
    return existsSync(folder)
      ? readdirSync(folder)
          .map((file) => join(folder, file))
          .filter((path) => !seen.has(path))
      : []
  })
  if (updates) for (const path of stale) rmSync(path)
  else expect(stale).toEqual([])
})
