/**
 * The laws that every protocol's codecs obey, run over every corpus record and every recorded client request:
 * identity, fold, round trip, split, conform, metering, facts, leaves and errors.
 * A difference that a law allows is listed by name with its reason; an unlisted one fails, and so does a listed one
 * that never occurs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  bare,
  type Collected,
  collect,
  type GenerateRequest,
  replay,
  type StreamEvent,
} from '../../src/ir/index.ts'
import type {
  EncodedRequest,
  GenerateCodec,
  Protocol,
  ReplyContext,
  WireRequest,
} from '../../src/protocols/protocol.ts'
import { type SseFrame, scanJson } from '../../src/wire/index.ts'
import {
  blockSplitter,
  type ClientRecording,
  type CorpusFolder,
  type CorpusRecord,
  clientRecordings,
  corpus,
  corpusAvailable,
  frameDecoder,
  matchEndpoint,
  parseBlock,
  runMachine,
  streamBytes,
  wireRequest,
  wireResponse,
} from './corpus.ts'
import { DifferenceLedger, describeDifferences, differences, type NamedDifference } from './differences.ts'

/** One table per law. */
export interface NamedDifferences {
  readonly request?: readonly NamedDifference[]
  readonly bareRequest?: readonly NamedDifference[]
  readonly response?: readonly NamedDifference[]
  readonly bareResponse?: readonly NamedDifference[]
  /** `collect(replay(response))` against `response`. */
  readonly fold?: readonly NamedDifference[]
  /** Frames → events → frames; paths begin with the frame's index: `[3].data.…`. */
  readonly stream?: readonly NamedDifference[]
  /** Bare events → frames → events, both folded: paths lie in the answer they say. */
  readonly bareStream?: readonly NamedDifference[]
  /** `replay(response)` → frames → events, folded and bare. */
  readonly roundTrip?: readonly NamedDifference[]
  readonly error?: readonly NamedDifference[]
}

export interface LawOptions {
  readonly protocol: Protocol
  readonly corpus: CorpusFolder
  /** Which recorded client requests are generate requests of this protocol. */
  readonly recordings: (request: { readonly method: string; readonly path: string }) => boolean
  /** Path and query of a corpus record's request, where its `endpoint` does not say (or says another host's). */
  readonly pathOf: (record: CorpusRecord | ClientRecording) => string
  readonly differences: NamedDifferences
  /** The reply context in which a client gets everything that an answer says; for the laws of the round trip. */
  readonly fullReply?: (reply: ReplyContext) => ReplyContext
  /** Records whose 200 answer is an error, or that have no answer to decode. Their streams still run. */
  readonly isErrorAnswer?: (record: CorpusRecord) => boolean
  /** Does the recorded stream carry the protocol's proof of completeness? */
  readonly isCompleteStream: (record: CorpusRecord) => boolean
  /** Streams whose recorded frames must pass `conform`: first party, without anomalies. */
  readonly mustConform: (record: CorpusRecord) => boolean
  /**
   * Keys (or whole paths) of request strings that are no text of a user or a tool: ids, names, enum words, media,
   * URLs, schema keywords. Every other string longer than 12 characters must be a leaf or lie in one.
   */
  readonly isNotText: (path: string, key: string, text: string) => boolean
}

interface Counts {
  [law: string]: number
}

/** Registers the suite. */
export const protocolLaws = (options: LawOptions): void => {
  const { protocol } = options
  const available = corpusAvailable(`the laws of ${protocol.id}`)
  describe.skipIf(!available)(`laws of ${protocol.id}`, () => {
    const codec = codecOf(protocol)
    const counts: Counts = {}
    const ledgers = {
      request: new DifferenceLedger(options.differences.request ?? []),
      bareRequest: new DifferenceLedger(options.differences.bareRequest ?? []),
      response: new DifferenceLedger(options.differences.response ?? []),
      bareResponse: new DifferenceLedger(options.differences.bareResponse ?? []),
      fold: new DifferenceLedger(options.differences.fold ?? []),
      stream: new DifferenceLedger(options.differences.stream ?? []),
      bareStream: new DifferenceLedger(options.differences.bareStream ?? []),
      roundTrip: new DifferenceLedger(options.differences.roundTrip ?? []),
      error: new DifferenceLedger(options.differences.error ?? []),
    }
    const records = corpus(options.corpus)
    const recordings = clientRecordings(options.recordings)
    const requests = requestsOf(options, records, recordings)
    const full = options.fullReply ?? ((reply: ReplyContext) => reply)
    const isError = options.isErrorAnswer ?? (() => false)
    const whole = records.filter(
      (record) => !record.stream && record.status < 300 && record.response !== undefined && !isError(record),
    )
    const streams = records.filter((record) => record.stream && record.frames.length > 0)
    const failed = records.filter(
      (record) =>
        !record.stream && record.response !== undefined && (record.status >= 300 || isError(record)),
    )

    const same = (law: keyof typeof ledgers, name: string, expected: unknown, actual: unknown) => {
      counts[law] = (counts[law] ?? 0) + 1
      const unlisted = ledgers[law].unlisted(differences(expected, actual))
      if (unlisted.length > 0) throw new Error(`${name}:\n${describeDifferences(unlisted)}`)
    }
    const each = <T extends { readonly name: string }>(
      items: readonly T[],
      check: (item: T) => void,
    ): void => {
      const failures: string[] = []
      for (const item of items) {
        try {
          check(item)
        } catch (error) {
          failures.push(`${item.name}: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
        }
      }
      if (failures.length > 0) {
        throw new Error(
          `${failures.length} of ${items.length} records:\n${failures.slice(0, Number(process.env['TGW_LAWS_FAILURES'] ?? 8)).join('\n\n')}`,
        )
      }
    }

    beforeAll(() => {
      expect(records.length).toBeGreaterThan(0)
    })

    test('identity of requests: encode(decode(x)) is x', () => {
      each(requests, ({ name, wire, text }) => {
        const request = codec.decodeRequest(wire)
        const encoded = codec.encodeRequest(request, targetOf(request))
        expect(encoded.warnings).toEqual([])
        same('request', name, JSON.parse(text), JSON.parse(encoded.body))
        expectPath(name, wire, encoded)
      })
    })

    test('identity of requests without raw slices and extensions, but for named differences', () => {
      each(requests, ({ name, wire, text }) => {
        const request = bare(codec.decodeRequest(wire))
        same(
          'bareRequest',
          name,
          JSON.parse(text),
          JSON.parse(codec.encodeRequest(request, targetOf(request)).body),
        )
      })
    })

    test('identity of answers: encode(decode(x)) is x', () => {
      each(whole, (record) => {
        const response = codec.decodeResponse(wireResponse(record))
        const encoded = codec.encodeResponse(response, replyTo(codec, options, record))
        same('response', record.name, record.response?.value, JSON.parse(encoded.body))
      })
    })

    test('identity of answers without raw slices and extensions, but for named differences', () => {
      each(whole, (record) => {
        const response = bare(codec.decodeResponse(wireResponse(record)))
        const encoded = codec.encodeResponse(response, bareReply(replyTo(codec, options, record)))
        same('bareResponse', record.name, record.response?.value, JSON.parse(encoded.body))
      })
    })

    test('fold: collect(replay(answer)) is the answer', () => {
      each(whole, (record) => {
        const response = codec.decodeResponse(wireResponse(record))
        const collected = collect(protocol.id, replay(response))
        expect(collected.complete).toBe(true)
        same('fold', record.name, response, collected.response)
      })
    })

    test('fold: a stream is complete exactly when its proof of completeness is there', () => {
      each(streams, (record) => {
        const collected = collectStream(codec, protocol, record)
        if (collected.complete !== options.isCompleteStream(record)) {
          throw new Error(`complete is ${collected.complete}`)
        }
        counts['streams'] = (counts['streams'] ?? 0) + 1
      })
    })

    test('identity of streams: frames to events to frames', () => {
      each(streams, (record) => {
        const frames = framesOf(record)
        const events = runMachine(codec.streamDecoder(), frames)
        const encoded = runMachine(codec.streamEncoder(replyTo(codec, options, record)), events)
        same('stream', record.name, frames.map(parsed), encoded.map(parsed))
      })
    })

    test('round trip of streams: bare events to frames to events say the same answer', () => {
      each(streams, (record) => {
        const events = bare(runMachine(codec.streamDecoder(), framesOf(record)))
        const frames = runMachine(
          codec.streamEncoder(bareReply(full(replyTo(codec, options, record)))),
          events,
        )
        const again = bare(runMachine(codec.streamDecoder(), frames))
        same('bareStream', record.name, folded(protocol, events), folded(protocol, again))
      })
    })

    test('round trip of answers: replay to frames to events say the same answer', () => {
      each(whole, (record) => {
        const response = codec.decodeResponse(wireResponse(record))
        const reply = full(replyTo(codec, options, record))
        const frames = runMachine(codec.streamEncoder(reply), replay(response))
        const again = bare(runMachine(codec.streamDecoder(), frames))
        same('roundTrip', record.name, { response: bare(response), complete: true }, folded(protocol, again))
      })
    })

    test('split: the same bytes cut anywhere, also by CRLF lines, give the same events', () => {
      each(streams, (record) => {
        const bytes = streamBytes(record)
        const expected = JSON.stringify(decodeCut(codec, record, bytes, []))
        fc.assert(
          fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
            expect(JSON.stringify(decodeCut(codec, record, bytes, cuts)) === expected).toBe(true)
          }),
          { seed: 20261121, numRuns: 12 },
        )
        if (bytes.length < 30_000) {
          const every = Array.from(bytes, (_, index) => index)
          expect(JSON.stringify(decodeCut(codec, record, bytes, every)) === expected).toBe(true)
        }
        if (record.framing === 'sse') {
          const crlf = Buffer.from(Buffer.from(bytes).toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
          expect(JSON.stringify(decodeCut(codec, record, crlf, [7, 11, 300])) === expected).toBe(true)
        }
        counts['split'] = (counts['split'] ?? 0) + 1
      })
    })

    test('conform: what the stream encoder emits, whole answers and streams alike', () => {
      each(whole, (record) => {
        const response = codec.decodeResponse(wireResponse(record))
        const reply = replyTo(codec, options, record)
        for (const events of [replay(response), replay(bare(response))]) {
          const violations = runMachine(codec.conform(), runMachine(codec.streamEncoder(reply), events))
          expect(violations).toEqual([])
        }
        counts['conform'] = (counts['conform'] ?? 0) + 1
      })
      each(
        streams.filter((record) => options.isCompleteStream(record)),
        (record) => {
          const events = bare(runMachine(codec.streamDecoder(), framesOf(record))).filter(
            (event) => event.type !== 'extension',
          )
          const frames = runMachine(codec.streamEncoder(replyTo(codec, options, record)), events)
          expect(runMachine(codec.conform(), frames)).toEqual([])
          counts['conform'] = (counts['conform'] ?? 0) + 1
        },
      )
    })

    test('conform: every first-party recording without anomalies', () => {
      each(streams.filter(options.mustConform), (record) => {
        expect(runMachine(codec.conform(), framesOf(record))).toEqual([])
        counts['recordedConform'] = (counts['recordedConform'] ?? 0) + 1
      })
    })

    test('metering a whole answer gives what decoding it gives', () => {
      each(whole, (record) => {
        const wire = wireResponse(record)
        const facts = protocol.meterBody(wire.body, 'generate')
        const response = codec.decodeResponse(wire)
        expect(facts.usage).toEqual(response.usage as never)
        expect(facts.model).toEqual(response.model as never)
        expect(facts.responseId).toEqual(response.id as never)
        expect(facts.ended).toBe('complete')
      })
    })

    test('metering a stream gives what decoding it gives, and touches no byte', () => {
      each(streams, (record) => {
        for (const conform of [false, true]) {
          const meter = protocol.meterStream({ framing: record.framing, hideUsage: false, conform })
          const splitter = blockSplitter(record.framing)
          for (const block of runMachine(splitter, [streamBytes(record)])) {
            expect(meter.push(block) === block).toBe(true)
          }
          const collected = collectStream(codec, protocol, record)
          const facts = meter.facts()
          expect(facts.usage).toEqual(collected.response.usage as never)
          expect(facts.model).toEqual(collected.response.model as never)
          expect(facts.responseId).toEqual(collected.response.id as never)
          expect(facts.ended === 'complete').toBe(collected.complete && collected.error === undefined)
          if (collected.error !== undefined) expect(facts.ended).toBe('failed')
        }
      })
    })

    test('metering an error answer says that it failed', () => {
      each(failed, (record) => {
        expect(protocol.meterBody(wireResponse(record).body, 'generate').ended).toBe('failed')
      })
    })

    test('facts name the model, and its span is the literal', () => {
      each(requests, ({ name, wire, text }) => {
        const matched = matchEndpoint(protocol, wire.method, wire.path)
        if (matched === undefined) throw new Error(`${name}: no endpoint for ${wire.path}`)
        const scan = scanJson(wire.body, protocol.watchedKeys, 512)
        const facts = protocol.facts({ ...wire, endpoint: matched.endpoint, scan })
        const request = codec.decodeRequest(wire)
        expect(facts.model).toBe(request.model)
        expect(facts.stream).toBe(request.stream)
        expect(facts.maxOutputTokens).toEqual(request.maxOutputTokens as never)
        if (facts.modelSpan !== undefined) {
          const literal = Buffer.from(wire.body.subarray(facts.modelSpan.start, facts.modelSpan.end))
          expect(JSON.parse(literal.toString('utf8'))).toBe(JSON.parse(text).model)
        }
      })
    })

    test('leaves: spans are exact, and no text is missed', () => {
      each(requests, ({ wire, text }) => {
        const leaves = codec.leaves(wire)
        const ids = new Set(leaves.map((leaf) => leaf.id))
        expect(ids.size).toBe(leaves.length)
        const covered: string[] = []
        for (const leaf of leaves) {
          const source = Buffer.from(wire.body.subarray(leaf.start, leaf.end)).toString('utf8')
          const value: unknown = JSON.parse(source)
          if (leaf.json === true) covered.push(...stringsOf(value, '').map(({ text: inner }) => inner))
          else expect(value).toBe(leaf.text)
          covered.push(leaf.text)
        }
        const known = new Set(covered)
        const missed = stringsOf(JSON.parse(text), '').filter(
          ({ path, key, text: value }) =>
            value.length > 12 && !known.has(value) && !options.isNotText(path, key, value),
        )
        if (missed.length > 0) {
          throw new Error(missed.map(({ path, text: value }) => `${path}: ${value.slice(0, 60)}`).join('\n'))
        }
        counts['leaves'] = (counts['leaves'] ?? 0) + leaves.length
      })
    })

    test('errors survive decode and encode', () => {
      each(failed, (record) => {
        const wire = wireResponse(record)
        const error = protocol.errors.decode(record.status, wire.headers, wire.body)
        const encoded = protocol.errors.encode(error, { requestId: 'req_test' })
        same('error', record.name, record.response?.value, JSON.parse(encoded.body))
      })
    })

    test('every named difference still occurs', () => {
      const unused = Object.entries(ledgers).flatMap(([law, ledger]) =>
        ledger.unused().map(({ at, reason }) => `${law}: ${at} (${reason})`),
      )
      expect(unused).toEqual([])
    })

    afterAll(() => {
      console.log(`laws of ${protocol.id}:`, {
        records: records.length,
        recordings: recordings.length,
        ...counts,
      })
      if (process.env['TGW_LAWS_VERBOSE'] === '1') {
        for (const [law, ledger] of Object.entries(ledgers)) console.log(law, ledger.counts())
      }
    })
  })
}

interface NamedRequest {
  readonly name: string
  readonly wire: WireRequest
  readonly text: string
}

const requestsOf = (
  options: LawOptions,
  records: readonly CorpusRecord[],
  recordings: readonly ClientRecording[],
): readonly NamedRequest[] => {
  const build = (record: CorpusRecord | ClientRecording, headers: Headers, text: string): NamedRequest => {
    const url = new URL(options.pathOf(record), 'http://vendor')
    const wire = wireRequest(options.protocol, {
      path: url.pathname,
      query: url.searchParams,
      headers,
      body: text,
    })
    return { name: record.name, wire, text }
  }
  return [
    ...records.flatMap((record) =>
      record.request === undefined ? [] : [build(record, record.requestHeaders, record.request.text)],
    ),
    ...recordings.flatMap((recording) =>
      recording.text === '' ? [] : [build(recording, recording.headers, recording.text)],
    ),
  ]
}

const codecOf = (protocol: Protocol): GenerateCodec => {
  if (protocol.generate === undefined) throw new Error(`${protocol.id} has no generate codec`)
  return protocol.generate
}

const targetOf = (request: GenerateRequest) => ({ model: request.model, stream: request.stream })

/** The path must come back; query parameters that the protocol does not own may be left out. */
const expectPath = (name: string, wire: WireRequest, encoded: EncodedRequest): void => {
  const path = new URL(encoded.path, 'http://vendor').pathname
  if (path !== wire.path) throw new Error(`${name}: path ${wire.path} became ${path}`)
}

/** The context in which a recorded answer is encoded: its own request where the recording has one. */
const replyTo = (codec: GenerateCodec, options: LawOptions, record: CorpusRecord): ReplyContext => {
  const text = record.request?.text ?? '{"model":"recorded-model","messages":[],"stream":true}'
  const url = new URL(options.pathOf(record), 'http://vendor')
  const wire = wireRequest(options.protocol, {
    path: url.pathname,
    query: url.searchParams,
    headers: record.requestHeaders,
    body: text,
  })
  return {
    request: codec.decodeRequest(wire),
    headers: record.requestHeaders,
    id: 'exchange1',
    now: 1_795_000_000,
  }
}

const bareReply = (reply: ReplyContext): ReplyContext => ({ ...reply, request: bare(reply.request) })

/** The frames of a recorded stream as its bytes give them. */
const framesOf = (record: CorpusRecord): readonly SseFrame[] =>
  runMachine(frameDecoder(record.framing), [streamBytes(record)])

const collectStream = (codec: GenerateCodec, protocol: Protocol, record: CorpusRecord): Collected =>
  collect(protocol.id, runMachine(codec.streamDecoder(), framesOf(record)))

const folded = (protocol: Protocol, events: readonly StreamEvent[]): unknown => {
  const { response, complete, error } = collect(protocol.id, events)
  return bare({ response, complete, ...(error === undefined ? {} : { error }) })
}

const decodeCut = (
  codec: GenerateCodec,
  record: CorpusRecord,
  bytes: Uint8Array,
  cuts: readonly number[],
): readonly StreamEvent[] => {
  const frames = frameDecoder(record.framing)
  const events = codec.streamDecoder()
  const found: StreamEvent[] = []
  let start = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    for (const frame of frames.push(bytes.subarray(start, cut))) found.push(...events.push(frame))
    start = cut
  }
  for (const frame of frames.push(bytes.subarray(start))) found.push(...events.push(frame))
  for (const frame of frames.end()) found.push(...events.push(frame))
  return [...found, ...events.end()]
}

const parsed = (frame: SseFrame): unknown => {
  const event = frame.event === undefined ? {} : { event: frame.event }
  try {
    return { ...event, data: JSON.parse(frame.data) }
  } catch {
    return { ...event, data: frame.data }
  }
}

/** Every string value with its path. */
const stringsOf = (
  value: unknown,
  path: string,
  key = '',
): readonly { readonly path: string; readonly key: string; readonly text: string }[] => {
  if (typeof value === 'string') return [{ path, key, text: value }]
  if (Array.isArray(value)) return value.flatMap((item, index) => stringsOf(item, `${path}[${index}]`, key))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    stringsOf(member, path === '' ? name : `${path}.${name}`, name),
  )
}

/** For tests of one law alone: the meter's blocks of a stream as events. */
export const framesOfBlocks = (
  blocks: readonly Uint8Array[],
  framing: 'sse' | 'json-array',
): readonly SseFrame[] =>
  blocks.map((block) => parseBlock(block, framing)).filter((frame) => frame !== undefined)
