import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { parseJson } from '../../ir/index.ts'
import type { State } from '../../state/index.ts'
import { openAnswer, sealAnswer } from '../seal-answer.ts'
import type { MemoryIndex } from './memory-index.ts'
import type { QuestionPlace } from './similar-index.ts'
import {
  observationShape,
  unpackedVector,
  writtenQuestion,
  writtenQuestionShape,
} from './written-question.ts'

export interface SharedIndexOptions {
  /** What this process has of it, where all questions are looked for. */
  readonly own: MemoryIndex
  readonly state: Pick<
    State,
    'set' | 'delete' | 'entries' | 'clear' | 'publish' | 'subscribe' | 'status' | 'onStatus'
  >
  /** An organisation's own key, the same at all gateways that share. */
  readonly keyOf: (organisation: string) => KeyObject
  readonly onProblem: (message: string, error: unknown) => void
  readonly now: () => number
}

export interface SharedIndex extends MemoryIndex {
  /** Reads what others have kept before. Never rejects. */
  load(): Promise<void>
  /** Hears of others no more. */
  close(): void
}

const prefix = 'similar/'
const news = 'similar/news'
/** Questions that are read between two turns of everybody else. */
const readAtOnce = 10

/**
 * The same questions at all gateways with the same Redis: each has all of them in its memory, is told of new ones, and
 * reads the others when it connects. What lies in Redis, and what is told, is sealed: an embedding says nearly as much
 * as the text that it stands for.
 */
export const sharedIndex = ({ own, state, keyOf, onProblem, now }: SharedIndexOptions): SharedIndex => {
  const itself = crypto.randomUUID()

  const seal = (place: QuestionPlace, value: unknown): string =>
    sealAnswer(JSON.stringify(value), placeOf(place), keyOf(place.organisation))

  const keep = (place: QuestionPlace, hash: string): void => {
    const kept = own.get(place, hash)
    const left = (kept?.until ?? 0) - now()
    if (kept === undefined || left <= 0) return
    const value = { ...writtenQuestion(kept), observations: own.observations(place, hash) }
    state
      .set(keyNamed(place, hash), seal(place, value), left)
      .catch((error) => onProblem('a question could not be kept for the other gateways', error))
  }
  const tell = (place: QuestionPlace, value: z.input<typeof newsShape>): void => {
    const { organisation, partition } = place
    state
      .publish(news, JSON.stringify({ from: itself, organisation, partition, sealed: seal(place, value) }))
      .catch(() => undefined)
  }
  const hear = (text: string): void => {
    const letter = letterShape.safeParse(parseJson(text))
    if (!letter.success || letter.data.from === itself) return
    const { organisation, partition, sealed } = letter.data
    const place = { organisation, partition }
    const read = newsShape.safeParse(opened(place, sealed))
    if (!read.success) return
    const told = read.data
    if (told.type === 'add') take(place, told.question)
    else if (told.type === 'observe') own.observe(place, told, told.observation)
    else own.remove(place, told.hash)
  }
  /** What somebody has observed elsewhere joins what is known here: each counts once, whoever tells it how often. */
  const take = (place: QuestionPlace, { v: _, observations, vector, ...question }: Written): void => {
    const known = own.get(place, question.hash)
    if (known === undefined || known.answeredAt < question.answeredAt)
      own.add({ ...place, ...question, vector: unpackedVector(vector) }, own.look(place).epoch)
    for (const observation of observations) own.observe(place, question, observation)
  }
  const opened = (place: QuestionPlace, sealed: string): unknown => {
    try {
      const text = openAnswer(sealed, placeOf(place), keyOf(place.organisation))
      return text === undefined ? undefined : parseJson(text)
    } catch {
      // Nobody here knows that organisation.
      return undefined
    }
  }
  const load = async (): Promise<void> => {
    try {
      let read = 0
      for (const [key, { value }] of await state.entries(prefix)) {
        const [organisation = '', partition = ''] = key.slice(prefix.length).split('/')
        const place = { organisation, partition }
        const shaped = writtenShape.safeParse(opened(place, value))
        if (shaped.success) take(place, shaped.data)
        // Streams go on meanwhile.
        if (++read % readAtOnce === 0) await Bun.sleep(0)
      }
    } catch (error) {
      onProblem('questions that other gateways have kept cannot be read', error)
    }
  }
  const unsubscribe = state.subscribe(news, hear)
  const unwatch = state.onStatus((status) => {
    if (status === 'connected') void load()
  })
  if (state.status() === 'connected') void load()

  return {
    ...own,
    add(question, epoch) {
      if (epoch !== own.look(question).epoch) return
      own.add(question, epoch)
      keep(question, question.hash)
      tell(question, { type: 'add', question: { ...writtenQuestion(question), observations: [] } })
    },
    observe(place, { hash, answeredAt }, observation) {
      own.observe(place, { hash, answeredAt }, observation)
      keep(place, hash)
      tell(place, { type: 'observe', hash, answeredAt, observation })
    },
    remove(place, hash) {
      own.remove(place, hash)
      state.delete(keyNamed(place, hash)).catch(() => undefined)
      tell(place, { type: 'remove', hash })
    },
    async clear(organisation) {
      const count = await own.clear(organisation)
      await state.clear(organisation === undefined ? prefix : `${prefix}${organisation}/`)
      return count
    },
    load,
    close() {
      unsubscribe()
      unwatch()
    },
  }
}

/** What seals are bound to. */
const placeOf = ({ organisation, partition }: QuestionPlace) => ({
  organisation,
  hash: `question ${partition}`,
})

const letterShape = z.object({
  ...{ from: z.string(), organisation: z.string(), partition: z.string(), sealed: z.string() },
})

const writtenShape = writtenQuestionShape.extend({ observations: z.array(observationShape) })

type Written = z.output<typeof writtenShape>

const newsShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('add'), question: writtenShape }),
  z.object({
    ...{ type: z.literal('observe'), hash: z.string(), answeredAt: z.number() },
    observation: observationShape,
  }),
  z.object({ type: z.literal('remove'), hash: z.string() }),
])

const keyNamed = ({ organisation, partition }: QuestionPlace, hash: string): string =>
  `${prefix}${organisation}/${partition}/${hash}`
