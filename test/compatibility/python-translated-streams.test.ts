/** A sample of the translated streams, read with the stream helpers of the vendors' Python SDKs. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { corpusAvailable } from '../support/corpus.ts'
import { announceSkip } from '../support/shared.ts'
import { type Client, clients } from '../translation/cases.ts'
import { type AnswerServer, startAnswerServer } from './answer-server.ts'
import { pythonEnvironment } from './python-environment.ts'
import { type PythonResult, readInPython } from './read-in-python.ts'
import { seeded } from './seeded.ts'
import { toldDifferently } from './told.ts'
import { atMost, bytesOn, cutsOf, limit, recordingsOf, type Way, wantedOn, wayOf } from './ways.ts'

const available = corpusAvailable('translated streams in the Python SDKs')
const environment = await pythonEnvironment()
if (environment.type === 'absent') announceSkip('translated streams in the Python SDKs', environment.why)
const python = environment.type === 'ready' ? environment.python : undefined

let server: AnswerServer

beforeAll(() => {
  server = startAnswerServer()
})

afterAll(() => server.stop())

/** Answers that a helper refuses whoever gives them; the one for JavaScript takes them. */
const refusals: Readonly<Partial<Record<Client, Readonly<Record<string, string>>>>> = {
  'openai-chat': { length: 'LengthFinishReasonError', content_filter: 'ContentFilterFinishReasonError' },
}

/** What is wrong with the result of one stream; empty when nothing is. */
const faultsOf = (way: Way, result: PythonResult): readonly string[] => {
  const { client, one, count } = way
  const wanted = wantedOn(way)
  const refusal = wanted && refusals[client]?.[wanted.finish]
  if (wanted === undefined || refusal !== undefined) {
    if (result.told !== null) return [`takes it for an answer: ${JSON.stringify(result.told)}`]
    return result.error.startsWith(refusal ?? '') ? [] : [`says ${result.error} instead of ${refusal}`]
  }
  if (result.told === null) return [`fails: ${result.error}`]
  // What comes behind the proof that an answer is whole, its usage, is lost with it.
  return count === one.frames.length ? toldDifferently(wanted, result.told) : []
}

describe.skipIf(!available || python === undefined)('streams of providers, read in Python', () => {
  for (const client of clients) {
    const ways = clients
      .filter((upstream) => upstream !== client)
      .flatMap((upstream) => {
        const random = seeded(`Python streams of ${upstream} for ${client}`)
        return [
          ...random.sample(recordingsOf(upstream), atMost(5)).map((one) => wayOf(client, one)),
          ...cutsOf(client, upstream, { streams: 2, cuts: 1 }, random),
        ]
      })

    test(
      `${ways.length} by the helper for ${client}`,
      async () => {
        const jobs = ways.map((way) => ({ client, url: server.serve(bytesOn(way)) }))
        const results = await readInPython(python ?? '', jobs)
        const faults = ways.flatMap((way, index) =>
          faultsOf(way, results[index] ?? { told: null, error: 'nothing' }).map(
            (fault) => `${way.one.upstream} ${way.one.name}, ${way.count} events: the helper ${fault}`,
          ),
        )
        expect(faults).toEqual([])
        expect(results.length).toBe(ways.length)
      },
      limit,
    )
  }
})
