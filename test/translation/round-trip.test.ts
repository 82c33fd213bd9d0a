/**
 * There and back: what a client of one protocol says is written for a provider of another, read as that protocol's
 * own client would have said it, and written for the first again; and so are answers. It must say the same. Each
 * difference that the protocols force is listed by name, with its reason and, where the client must be told, the
 * warning; one that is not listed fails, and so does a listed one that never occurs.
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/errors.ts'
import { collect } from '../../src/ir/index.ts'
import { protocols, type WireRequest } from '../../src/protocols/index.ts'
import { corpusAvailable, wireRequest } from '../support/corpus.ts'
import {
  type Difference,
  DifferenceLedger,
  describeDifferences,
  differences,
} from '../support/differences.ts'
import { answerLosses, historyLosses } from './answer-losses.ts'
import {
  answerCases,
  answerWire,
  type Client,
  cells,
  requestCases,
  requestWire,
  streamCases,
} from './cases.ts'
import {
  answer,
  ask,
  calledTools,
  codecOf,
  eventsOf,
  generousTarget,
  questionOf,
  read,
  type Sent,
  type Streamed,
  send,
  stream,
} from './cell.ts'
import { historyWith } from './history.ts'
import type { Journey } from './journeys.ts'
import { requestLosses } from './request-losses.ts'
import {
  type AnswerSaid,
  answerSaid,
  broughtBack,
  isSayable,
  saidBy,
  saidDifferently,
  statesOf,
} from './said.ts'

const hasCorpus = corpusAvailable('recorded requests and answers there and back')

const requests = requestCases()
const answers = answerCases()
const streams = streamCases()

/** The bytes that a provider got, as a request to a gateway of its protocol. */
const asRequest = (protocol: Client, { sent }: Sent): WireRequest => {
  const url = new URL(sent.path, 'http://provider')
  return wireRequest(protocols[protocol], {
    path: url.pathname,
    query: url.searchParams,
    headers: new Headers(sent.headers),
    body: sent.body,
  })
}

/** Undefined where a request or an answer cannot be said, which is told as it must be. */
const unlessRefused = <Result>(code: GatewayError['code'], run: () => Result): Result | undefined => {
  try {
    return run()
  } catch (error) {
    if (error instanceof GatewayError && error.code === code) return undefined
    throw error
  }
}

/** Collects what fails, so that one run tells of all of it. */
const faultsOf = () => {
  const faults: string[] = []
  return {
    faults,
    note: (where: string, found: readonly Difference[]): void => {
      if (found.length > 0) faults.push(`${where}:\n${describeDifferences(found)}`)
    },
  }
}

const report = (faults: readonly string[]): string =>
  faults.length === 0 ? '' : `${faults.length} journeys:\n${faults.slice(0, 12).join('\n\n')}`

const unused = (ledger: DifferenceLedger<Journey>): readonly string[] =>
  ledger.unused().map(({ at, reason }) => `${at} (${reason})`)

describe('a request there and back', () => {
  const ledger = new DifferenceLedger<Journey>(requestLosses)
  let journeys = 0
  let refusals = 0

  for (const [home, abroad] of cells) {
    test(`from ${home} to ${abroad} says the same`, () => {
      const { faults, note } = faultsOf()
      for (const { name, client, wire } of requests) {
        if (client !== home) continue
        const asked = read(home, wire)
        const there = unlessRefused('gateway_translation_unsupported', () =>
          send(asked, home, abroad, { target: generousTarget(abroad) }),
        )
        const back =
          there &&
          unlessRefused('gateway_translation_unsupported', () =>
            send(read(abroad, asRequest(abroad, there)), abroad, home, { target: generousTarget(home) }),
          )
        if (there === undefined || back === undefined) {
          refusals++
          continue
        }
        journeys++
        const again = read(home, asRequest(home, back))
        const journey = { home, abroad, warnings: [...there.warnings, ...back.warnings] }
        note(name, ledger.unlisted(saidDifferently(saidBy(asked), saidBy(again)), journey))
      }
      expect(report(faults)).toBe('')
    })
  }

  test.skipIf(!hasCorpus)('differs only where it is known to', () => {
    expect(unused(ledger)).toEqual([])
    // What is refused does not travel; most of it must.
    expect(journeys).toBeGreaterThan(refusals * 5)
  })
})

/** How the answer said by these frames ended; of one that broke off only the words count. */
const saidIn = (protocol: Client, { frames }: Pick<Streamed, 'frames'>) => {
  const { response, complete, error } = collect(protocol, eventsOf(protocol, frames))
  return { response, isWhole: complete && error === undefined, said: answerSaid(response) }
}

const wordsOf = ({ choices }: AnswerSaid): string =>
  choices.map(({ text, refusal, thoughts }) => thoughts + text + refusal).join('')

describe('an answer there and back', () => {
  const ledger = new DifferenceLedger<Journey>(answerLosses)

  for (const [abroad, home] of cells) {
    test(`from ${home} by way of a client of ${abroad} says the same`, () => {
      const { faults, note } = faultsOf()
      for (const { name, upstream, wire } of answers) {
        if (upstream !== home) continue
        const response = codecOf(home).decodeResponse(wire)
        const tools = calledTools(response)
        const there = unlessRefused('gateway_upstream_invalid', () =>
          answer(response, abroad, ask(abroad, home, tools)),
        )
        const back =
          there &&
          unlessRefused('gateway_upstream_invalid', () =>
            answer(codecOf(abroad).decodeResponse(answerWire(there.body)), home, ask(home, abroad, tools)),
          )
        if (there === undefined || back === undefined) continue
        const again = codecOf(home).decodeResponse(answerWire(back.body))
        const journey = { home, abroad, warnings: [...there.warnings, ...back.warnings] }
        note(name, ledger.unlisted(differences(answerSaid(response), answerSaid(again)), journey))
      }
      for (const { name, upstream, frames } of streams) {
        if (upstream !== home) continue
        const before = saidIn(home, { frames })
        const tools = calledTools(before.response)
        const there = stream(frames, abroad, home, ask(abroad, home, tools))
        const back = stream(there.frames, home, abroad, ask(home, abroad, tools))
        const after = saidIn(home, back)
        if (before.isWhole && after.isWhole) {
          note(name, ledger.unlisted(differences(before.said, after.said), { home, abroad, warnings: [] }))
        } else {
          note(name, differences({ isWhole: before.isWhole }, { isWhole: after.isWhole }))
          note(name, differences(wordsOf(before.said), wordsOf(after.said)))
        }
      }
      expect(report(faults)).toBe('')
    })
  }

  test.skipIf(!hasCorpus)('differs only where it is known to', () => {
    expect(unused(ledger)).toEqual([])
  })
})

describe('an answer that its client goes on from', () => {
  const ledger = new DifferenceLedger<Journey>(historyLosses)
  let states = 0

  for (const [client, upstream] of cells) {
    test(`of ${upstream} comes back from a client of ${client} as it was said, states byte for byte`, () => {
      const { faults, note } = faultsOf()
      for (const { name, upstream: provider, wire } of answers) {
        if (provider !== upstream) continue
        const response = codecOf(upstream).decodeResponse(wire)
        const tools = calledTools(response)
        const said = unlessRefused('gateway_upstream_invalid', () =>
          answer(response, client, ask(client, upstream, tools)),
        )
        if (said === undefined) continue
        const next = requestWire(client, historyWith(client, questionOf(client, tools), said.body))
        const sent = send(read(client, next), client, upstream, { target: generousTarget(upstream) })
        const parts = read(upstream, asRequest(upstream, sent))
          .turns.filter(({ role }) => role === 'assistant')
          .flatMap((turn) => turn.parts)
        const before = response.choices[0]?.parts ?? []
        const journey = { home: upstream, abroad: client, warnings: sent.warnings }
        note(name, ledger.unlisted(differences(broughtBack(before), broughtBack(parts)), journey))
        const given = statesOf(before)
        const returned = statesOf(parts).filter((state) => state !== 'skip_thought_signature_validator')
        const expected = before.every(isSayable) ? given : given.filter((state) => returned.includes(state))
        note(name, differences(expected, returned))
        states += returned.length
      }
      expect(report(faults)).toBe('')
    })
  }

  test.skipIf(!hasCorpus)('differs only where it is known to', () => {
    expect(unused(ledger)).toEqual([])
    expect(states).toBeGreaterThan(150)
  })
})

afterAll(() => {
  console.log(
    `there and back: ${requests.length} requests, ${answers.length} answers, ${streams.length} streams`,
  )
})
