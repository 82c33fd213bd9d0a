/**
 * Every stream that there is, translated into every other protocol and read with the stream helpers of the vendors'
 * SDKs. Of places where streams break off, and of ways to write them, a sample; `TGW_FULL=1` takes them all.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { collect } from '../../src/ir/index.ts'
import { type SseFrame, sseDecoder } from '../../src/wire/index.ts'
import { corpusAvailable, sharedFolder } from '../support/corpus.ts'
import { bytesOf, type Client, cells, clients } from '../translation/cases.ts'
import { eventsOf } from '../translation/cell.ts'
import { type AnswerServer, startAnswerServer } from './answer-server.ts'
import { brokenRecordings } from './broken-recordings.ts'
import { type FramingStyle, framingStyles } from './framing-styles.ts'
import { inParallel } from './in-parallel.ts'
import { seeded } from './seeded.ts'
import { stopStreams } from './stop-streams.ts'
import { faultsOfFailure } from './stream-endings.ts'
import { streamHelpers } from './stream-helpers.ts'
import { type Told, toBeTold, toldDifferently } from './told.ts'
import { translatedStream } from './translated-stream.ts'
import {
  atMost,
  bytesOn,
  cutsOf,
  isBroken,
  limit,
  type Recording,
  recordings,
  recordingsOf,
  type Way,
  wantedOn,
  wayOf,
} from './ways.ts'

let server: AnswerServer

beforeAll(() => {
  server = startAnswerServer()
})

afterAll(() => server.stop())

/** A helper that neither answers nor fails must not take the whole test with it. */
const patience = 10_000

const read = async (client: Client, bytes: Uint8Array): Promise<Told | Error> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const waited = new Promise<Error>((resolve) => {
    timer = setTimeout(() => resolve(new Error('the helper hangs')), patience)
  })
  const told = streamHelpers[client](server.serve(bytes)).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  )
  try {
    return await Promise.race([told, waited])
  } finally {
    clearTimeout(timer)
  }
}

/** What is wrong with a stream of which the client gets everything; empty when nothing is. */
const faultsOfWhole = async (way: Way): Promise<readonly string[]> => {
  const { client, one, stream } = way
  const { bytes, ended, violations } = stream.inFrames(one.frames)
  const told = await read(client, bytes)
  const wanted = wantedOn(way)
  const faults = violations.map((rule) => `breaks the rule ${rule}`)
  if (wanted === undefined) faults.push(...faultsOfError(client, bytes, told))
  else if (told instanceof Error) faults.push(`the helper fails: ${told}`)
  else faults.push(...toldDifferently(wanted, told))
  if (wanted !== undefined && ended !== 'complete') faults.push(`the provider's end is taken for ${ended}`)
  return faults.map((fault) => `${one.name}: ${fault}`)
}

const faultsOfError = (client: Client, bytes: Uint8Array, told: Told | Error): readonly string[] => [
  ...faultsOfFailure(client, bytes),
  ...(told instanceof Error ? [] : [`the helper takes it for an answer: ${JSON.stringify(told)}`]),
]

const available = corpusAvailable('recorded streams, translated')

describe.skipIf(!available)('streams of providers, read by the SDK of another protocol', () => {
  for (const [client, upstream] of cells) {
    const streams = recordingsOf(upstream)
    test(
      `${streams.length} of ${upstream} say the same to a client of ${client}`,
      async () => {
        const faults = await inParallel(8, streams, (one) => faultsOfWhole(wayOf(client, one)))
        expect(faults.flat()).toEqual([])
      },
      limit,
    )
  }

  test('those that are no whole answers are known by name', () => {
    const known = clients.flatMap((upstream) =>
      Object.keys(brokenRecordings[upstream]).map((name) => `${upstream}: ${name}`),
    )
    const broken = recordings.filter(
      ({ upstream, frames }) => !collect(upstream, eventsOf(upstream, frames)).complete,
    )
    expect(broken.map(({ upstream, name }) => `${upstream}: ${name}`).sort()).toEqual(known.sort())
  })

  test('each stop reason means what its provider says with it', () => {
    const meanings = recordings.flatMap(({ name, upstream, said }) =>
      name.startsWith('stop ') ? [`${upstream} ${name}: ${said.choices[0]?.finish?.reason}`] : [],
    )
    expect(meanings).toEqual(stopStreams.map(({ name, upstream, means }) => `${upstream} ${name}: ${means}`))
  })
})

/** What is wrong with a stream that breaks off; empty when nothing is. */
const faultsOfCut = async (way: Way): Promise<readonly string[]> => {
  const { client, one, count } = way
  const bytes = bytesOn(way)
  const told = await read(client, bytes)
  const faults =
    wantedOn(way) === undefined
      ? faultsOfError(client, bytes, told)
      : told instanceof Error
        ? [`the proof that it is whole came, but the helper fails: ${told}`]
        : []
  return faults.map((fault) => `${one.name} after ${count} of ${one.frames.length} events: ${fault}`)
}

describe.skipIf(!available)('streams that break off are failures for the SDK of another protocol', () => {
  for (const [client, upstream] of cells) {
    const cuts = cutsOf(client, upstream, { streams: atMost(14), cuts: atMost(10) })
    const streams = new Set(cuts.map(({ one }) => one)).size
    test(
      `${cuts.length} cuts of ${streams} streams of ${upstream}, for a client of ${client}`,
      async () => {
        expect((await inParallel(8, cuts, faultsOfCut)).flat()).toEqual([])
      },
      limit,
    )
  }
})

/** Chat's `[DONE]` makes a whole answer of one that breaks off. */
const stylesFor = (one: Recording): readonly FramingStyle[] =>
  one.upstream === 'openai-chat' && isBroken(one)
    ? framingStyles.filter(({ name }) => name !== 'done-sentinel')
    : framingStyles

describe.skipIf(!available)('streams that are written and cut otherwise', () => {
  for (const [client, upstream] of cells) {
    const random = seeded(`framing of ${upstream} for ${client}`)
    const jobs = recordingsOf(upstream).map((one) => ({
      one,
      styles: random.sample(stylesFor(one), atMost(2)),
    }))
    const count = new Set(jobs.flatMap(({ styles }) => styles)).size
    test(
      `${jobs.length} of ${upstream} in ${count} styles are the same bytes to a client of ${client}`,
      () => {
        const faults = jobs.flatMap(({ one, styles }) => {
          const stream = translatedStream(client, upstream, one.said)
          const usual = stream.inFrames(one.frames).bytes
          return styles.flatMap(({ name, reads }) =>
            stream.inChunks(reads(one.frames, random), 'event').bytes.equals(usual)
              ? []
              : [`${one.name}: ${name}`],
          )
        })
        expect(faults).toEqual([])
      },
      limit,
    )

    test(
      `${jobs.length} of ${upstream} say the same to a client of ${client} in fewer, longer deltas`,
      () => {
        const faults = jobs.flatMap(({ one }) => {
          const stream = translatedStream(client, upstream, one.said)
          const usual = stream.inFrames(one.frames).bytes
          const longer = stream.inChunks(random.cut(Buffer.concat(bytesOf(one.frames)), 3000), 'read').bytes
          return Bun.deepEquals(saidBy(client, longer), saidBy(client, usual)) ? [] : [one.name]
        })
        expect(faults).toEqual([])
      },
      limit,
    )
  }

  for (const [client, upstream] of cells.filter(([client]) => client === 'gemini')) {
    test(
      `all of ${upstream} are one JSON array to a client of gemini that asks for no events`,
      () => {
        for (const one of recordingsOf(upstream)) {
          const events = translatedStream(client, upstream, one.said).inFrames(one.frames).bytes
          const array = translatedStream(client, upstream, one.said, 'json-array').inFrames(one.frames).bytes
          expect(JSON.parse(array.toString())).toEqual(framesOf(events).map(({ data }) => JSON.parse(data)))
        }
      },
      limit,
    )
  }

  test('the styles are those of the corpus', () => {
    const path = join(sharedFolder() ?? '', 'corpus/extra/sse-framing-cases.json')
    const { cases }: FramingCases = JSON.parse(readFileSync(path, 'utf8'))
    const names = cases.filter(({ framing }) => framing === 'sse').map(({ name }) => name)
    expect(framingStyles.map(({ name }) => name)).toEqual(names)
  })
})

interface FramingCases {
  readonly cases: readonly { readonly name: string; readonly framing: string }[]
}

const framesOf = (bytes: Uint8Array): readonly SseFrame[] => {
  const decoder = sseDecoder()
  return [...decoder.push(bytes), ...decoder.end()]
}

const saidBy = (protocol: Client, bytes: Uint8Array): Told | undefined =>
  toBeTold(protocol, collect(protocol, eventsOf(protocol, framesOf(bytes))).response)
