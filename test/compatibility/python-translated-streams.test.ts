/** A sample of the translated streams, read with the stream helpers of the vendors' Python SDKs. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { corpusAvailable } from '../support/corpus.ts'
import { announceSkip } from '../support/shared.ts'
import { type Client, clients } from '../translation/cases.ts'
import { type AnswerServer, startAnswerServer } from './answer-server.ts'
import { pythonEnvironment } from './python-environment.ts'
import { type PythonResult, readInPython } from './read-in-python.ts'
import { seeded } from './seeded.ts'
import { type Told, toldDifferently } from './told.ts'
import {
  atMost,
  bytesOn,
  cutsOf,
  limit,
  type Recording,
  recordingsOf,
  type Way,
  wantedOn,
  wayOf,
} from './ways.ts'

const available = corpusAvailable('translated streams in the Python SDKs')
const environment = await pythonEnvironment()
if (environment.type === 'absent') announceSkip('translated streams in the Python SDKs', environment.why)
const python = environment.type === 'ready' ? environment.python : undefined

let server: AnswerServer

beforeAll(() => {
  server = startAnswerServer()
})

afterAll(() => server.stop())

/** Whole answers that a helper fails at, although the one for JavaScript does not. */
interface KnownFailure {
  readonly client: Client
  readonly error: string
  readonly reason: string
  readonly concerns: (wanted: Told, one: Recording) => boolean
}

const knownFailures: readonly KnownFailure[] = [
  {
    client: 'openai-chat',
    error: 'LengthFinishReasonError',
    reason: 'it refuses answers that were cut by their limit, whoever gives them',
    concerns: ({ finish }) => finish === 'length',
  },
  {
    client: 'openai-chat',
    error: 'ContentFilterFinishReasonError',
    reason: 'it refuses answers that were filtered, whoever gives them',
    concerns: ({ finish }) => finish === 'content_filter',
  },
  {
    client: 'openai-chat',
    error: "AttributeError: 'dict' object has no attribute 'name'",
    reason: 'it reads chunks of custom tools, and then asks them for the name of a function',
    concerns: (_wanted, { said }) =>
      said.choices[0]?.parts.some((part) => part.type === 'tool-call' && part.kind === 'custom') === true,
  },
  {
    client: 'gemini',
    error: 'ValidationError',
    reason: 'the recording shortens its picture to what is no base64 any more',
    concerns: (_wanted, { name }) => name === 'corpus vercel-openai-openai-image-generation-tool-1-stream',
  },
]

/** What is wrong with the result of one stream; empty when nothing is. */
const faultsOf = (way: Way, result: PythonResult): readonly string[] => {
  const { client, one, count } = way
  const wanted = wantedOn(way)
  const known = wanted && knownFailures.find((each) => each.client === client && each.concerns(wanted, one))
  if (wanted === undefined || known !== undefined) {
    if (result.told !== null) return [`takes it for an answer: ${JSON.stringify(result.told)}`]
    return known === undefined || result.error.startsWith(known.error)
      ? []
      : [`fails otherwise: ${result.error}`]
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
