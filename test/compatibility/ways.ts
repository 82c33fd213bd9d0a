/** Streams on their ways from one protocol to another: recorded ones, those of the fixtures, one for each stop reason. */
import { collect, type GenerateResponse } from '../../src/ir/index.ts'
import { type Client, type StreamCase, streamCases } from '../translation/cases.ts'
import { eventsOf } from '../translation/cell.ts'
import { brokenRecordings } from './broken-recordings.ts'
import { type Seeded, seeded } from './seeded.ts'
import { stopStreams } from './stop-streams.ts'
import { provesWhole, tellsFailure } from './stream-endings.ts'
import { type Told, toBeTold } from './told.ts'
import { type TranslatedStream, translatedStream } from './translated-stream.ts'

/** Where tests take a sample, it is the same in every run; `TGW_FULL=1` takes all there is. */
export const takesAll = process.env['TGW_FULL'] === '1'

/** Milliseconds for one test. */
export const limit = takesAll ? 900_000 : 60_000

/** @returns the number, or all of them in a full run */
export const atMost = (count: number): number => (takesAll ? Number.POSITIVE_INFINITY : count)

/** A stream of a provider, and what it says. */
export interface Recording extends StreamCase {
  readonly said: GenerateResponse
}

export const recordings = [...streamCases(), ...stopStreams].map(
  (one): Recording => ({ ...one, said: collect(one.upstream, eventsOf(one.upstream, one.frames)).response }),
)

export const recordingsOf = (upstream: Client): readonly Recording[] =>
  recordings.filter((one) => one.upstream === upstream)

/** A stream on its way to a client, with as many of its events as come before the provider breaks off. */
export interface Way {
  readonly client: Client
  readonly one: Recording
  readonly stream: TranslatedStream
  readonly count: number
}

export const wayOf = (client: Client, one: Recording): Way => ({
  client,
  one,
  stream: translatedStream(client, one.upstream, one.said),
  count: one.frames.length,
})

export const bytesOn = ({ one, stream, count }: Way): Buffer =>
  stream.inFrames(one.frames.slice(0, count)).bytes

export const isBroken = ({ name, upstream }: Recording): boolean =>
  Object.hasOwn(brokenRecordings[upstream], name)

/** What the client is to be told; undefined: of a failure. */
export const wantedOn = ({ client, one, count }: Way): Told | undefined => {
  const frames = one.frames.slice(0, count)
  const isWhole =
    count === one.frames.length
      ? !isBroken(one)
      : provesWhole(one.upstream, frames) && !tellsFailure(one.upstream, frames)
  return isWhole ? toBeTold(client, one.said) : undefined
}

/** Some of a provider's streams, each broken off at some of the places between its events. */
export const cutsOf = (
  client: Client,
  upstream: Client,
  { streams, cuts }: { readonly streams: number; readonly cuts: number },
  random: Seeded = seeded(`cuts of ${upstream} for ${client}`),
): readonly Way[] =>
  random
    .sample(recordingsOf(upstream), streams)
    .map((one) => wayOf(client, one))
    .flatMap((way) => {
      const counts = Array.from(way.one.frames, (_, count) => count)
      return random.sample(counts, cuts).map((count) => ({ ...way, count }))
    })
