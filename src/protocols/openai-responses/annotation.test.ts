import { describe, expect, test } from 'bun:test'
import { corpus, corpusAvailable, runMachine } from '../../../test/support/corpus.ts'
import { isJsonObject, type JsonObject } from '../../ir/index.ts'
import { differencesOf } from './annotation.ts'
import { conform } from './conform.ts'
import { streamDecoder } from './decode-stream.ts'

/** Padding, and the echo of a request that the mirror does not know. */
const expected = new Set(['$type', 'obfuscation'])
const echoed = new Set(['response.created', 'response.queued', 'response.in_progress'])

const surprises = (differences: readonly unknown[]): readonly JsonObject[] =>
  differences
    .filter(isJsonObject)
    .filter((difference) => !echoed.has(String(difference['$type'])))
    .filter((difference) => Object.keys(difference).some((key) => !expected.has(key)))

describe.skipIf(!corpusAvailable('what OpenAI writes'))('what a recorded stream did otherwise', () => {
  // Some collectors shortened streams by hand, so that their parts contradict each other.
  const streams = corpus('responses').filter(
    (record) =>
      record.stream && record.dialect === 'openai' && runMachine(conform(), record.frames).length === 0,
  )

  test('is nothing in most streams of OpenAI: our encoder writes the same frames by itself', () => {
    const same = streams.filter((record) =>
      runMachine(streamDecoder(), record.frames).every(
        (event) => surprises(differencesOf(event) ?? []).length === 0,
      ),
    )
    expect(same.length).toBeGreaterThan(streams.length / 2)
  })

  test('never holds a text that the events say: an edit of the events reaches every frame', () => {
    for (const record of streams) {
      const events = runMachine(streamDecoder(), record.frames)
      const texts = events.flatMap((event) =>
        event.type === 'text-delta' && event.text.length > 12 && event.text.includes(' ') ? [event.text] : [],
      )
      const carried = JSON.stringify(
        events.flatMap((event) =>
          surprises(differencesOf(event) ?? []).map(({ response: _r, ...rest }) => rest),
        ),
      )
      for (const text of texts) expect(carried.includes(JSON.stringify(text).slice(1, -1))).toBe(false)
    }
  })
})
