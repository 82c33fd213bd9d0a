import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { anyAnswer } from '../../test/support/any-answer.ts'
import { addUsage, collect, type GenerateResponse, type StreamEvent } from '../ir/index.ts'
import { joinAnswers, joinedAnswers } from './joined-answers.ts'

const collected = (events: readonly StreamEvent[]): GenerateResponse =>
  collect('anthropic-messages', events).response

/** A call's answer that ends like this. */
const ending = (events: readonly StreamEvent[], reason: 'pause' | 'end'): readonly StreamEvent[] =>
  events.map((event) => (event.type === 'finish' ? { ...event, finish: { reason } } : event))

/** The calls of one answer, all but the last of them paused. */
const anyCalls = (): fc.Arbitrary<readonly (readonly StreamEvent[])[]> =>
  fc
    .array(anyAnswer(), { minLength: 1, maxLength: 4 })
    .map((answers) =>
      answers.map((events, at) => ending(events, at === answers.length - 1 ? 'end' : 'pause')),
    )

const partsOf = (answer: GenerateResponse) => answer.choices[0]?.parts ?? []

test('calls that pause are one answer: all parts in order, one start, one end, the sum of what they cost', () => {
  fc.assert(
    fc.property(anyCalls(), (calls) => {
      const joined = joinedAnswers('anthropic-messages')
      const said: StreamEvent[] = []
      for (const [at, events] of calls.entries()) {
        if (at > 0) {
          expect(joined.isPaused).toBe(true)
          expect(partsOf(joined.soFar())).toEqual(
            calls.slice(0, at).flatMap((one) => partsOf(collected(one))),
          )
          joined.resume()
        }
        said.push(...events.flatMap((event) => joined.push(event)))
      }
      said.push(...joined.end())
      const answer = collected(said)
      const wholes = calls.map(collected)
      expect(partsOf(answer)).toEqual(wholes.flatMap(partsOf))
      expect(answer.choices[0]?.finish).toEqual({ reason: 'end' })
      for (const type of ['start', 'finish', 'end'])
        expect(said.filter((event) => event.type === type)).toHaveLength(1)
      // The sum of a call that tells nothing is not told either.
      if (calls.at(-1)?.some(({ type }) => type === 'usage'))
        expect(answer.usage).toEqual(wholes.reduce((sum, { usage }) => addUsage(sum, usage ?? {}), {}))
      const whole = wholes.slice(1).reduce(joinAnswers, wholes[0] ?? collected([]))
      expect(partsOf(whole)).toEqual(partsOf(answer))
      expect(whole.choices[0]?.finish).toEqual({ reason: 'end' })
    }),
  )
})

test('where nobody goes on, it ends as its provider has ended it', () => {
  fc.assert(
    fc.property(anyAnswer(), (events) => {
      const paused = ending(events, 'pause')
      const joined = joinedAnswers('anthropic-messages')
      const said = paused.flatMap((event) => joined.push(event))
      expect(said.some(({ type }) => type === 'finish' || type === 'end')).toBe(false)
      joined.stop()
      expect(joined.isPaused).toBe(false)
      expect([...said, ...joined.end()]).toEqual([...paused])
    }),
  )
})

test('an answer that is never paused passes event by event', () => {
  fc.assert(
    fc.property(anyAnswer(), (events) => {
      const plain = ending(events, 'end')
      const joined = joinedAnswers('anthropic-messages')
      for (const event of plain) expect(joined.push(event)).toEqual([event])
      expect(joined.end()).toEqual([])
    }),
  )
})
