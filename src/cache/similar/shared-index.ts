import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { State } from '../../state/index.ts'
import { openAnswer, sealAnswer } from '../seal-answer.ts'
import { observedSteps } from './error-bound.ts'
import type { KeptQuestion, QuestionPlace, SimilarIndex } from './similar-index.ts'

export interface SharedIndexOptions {
  /** What this process has of it, where all questions are looked for. */
  readonly own: SimilarIndex
  readonly state: Pick<State, 'set' | 'entries' | 'clear' | 'publish' | 'subscribe' | 'status' | 'onStatus'>
  /** An organisation's own key, the same at all gateways that share. */
  readonly keyOf: (organisation: string) => KeyObject
  readonly onProblem: (message: string, error: unknown) => void
  readonly now: () => number
}

export interface SharedIndex extends SimilarIndex {
  /** Reads what others have kept before. Never rejects. */
  load(): Promise<void>
  /** Hears of others no more. */
  close(): void
}

const prefix = 'similar/'
const news = 'similar/news'

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
    state
      .set(`${prefix}${place.organisation}/${place.partition}/${hash}`, seal(place, written(kept)), left)
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
    if (told.type === 'add') own.add(questionOf(place, told.question))
    else if (told.type === 'observe') own.observe(place, told.hash, told.similarity, told.isRight)
    else own.remove(place, told.hash)
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
      for (const [key, { value }] of await state.entries(prefix)) {
        const [organisation = '', partition = ''] = key.slice(prefix.length).split('/')
        const place = { organisation, partition }
        const read = writtenShape.safeParse(opened(place, value))
        if (read.success && own.get(place, read.data.hash) === undefined)
          own.add(questionOf(place, read.data))
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
    add(question) {
      own.add(question)
      keep(question, question.hash)
      tell(question, { type: 'add', question: written(own.get(question, question.hash) ?? question) })
    },
    observe(place, hash, similarity, isRight) {
      own.observe(place, hash, similarity, isRight)
      keep(place, hash)
      tell(place, { type: 'observe', hash, similarity, isRight })
    },
    remove(place, hash) {
      own.remove(place, hash)
      tell(place, { type: 'remove', hash })
    },
    clear(organisation) {
      state
        .clear(organisation === undefined ? prefix : `${prefix}${organisation}/`)
        .catch((error) => onProblem('questions could not be removed for the other gateways', error))
      return own.clear(organisation)
    },
    load,
    close() {
      unsubscribe()
      unwatch()
    },
  }
}

/** As seals are bound to it. */
const placeOf = ({ organisation, partition }: QuestionPlace) => ({
  organisation,
  hash: `question ${partition}`,
})

const letterShape = z.object({
  ...{ from: z.string(), organisation: z.string(), partition: z.string(), sealed: z.string() },
})

const count = z.int().min(0)
const writtenShape = z.object({
  v: z.literal(1),
  hash: z.string(),
  text: z.string(),
  /** Base64 of 32-bit floats, little-endian. */
  vector: z.string(),
  until: z.number(),
  observed: z.array(z.object({ step: count, right: count, wrong: count })),
})

const newsShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('add'), question: writtenShape }),
  z.object({
    type: z.literal('observe'),
    ...{ hash: z.string(), similarity: z.number(), isRight: z.boolean() },
  }),
  z.object({ type: z.literal('remove'), hash: z.string() }),
])

const written = ({ hash, text, vector, until, observed }: KeptQuestion): z.input<typeof writtenShape> => ({
  ...{ v: 1, hash, text, until },
  vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64'),
  observed: (observed ?? []).flatMap((seen, step) => (seen === undefined ? [] : [{ step, ...seen }])),
})

const questionOf = (
  place: QuestionPlace,
  { hash, text, vector, until, observed }: z.output<typeof writtenShape>,
): KeptQuestion => ({
  ...place,
  ...{ hash, text, until },
  // A copy begins at a multiple of four.
  vector: new Float32Array(Uint8Array.from(Buffer.from(vector, 'base64')).buffer),
  observed: Array.from({ length: observedSteps }, (_, step) => observed.find((seen) => seen.step === step)),
})

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
