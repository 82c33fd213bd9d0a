/** Questions of a few topics, a provider of embeddings that hears the topic, and answers that a judge can compare. */
import type { GenerateRequest } from '../../src/ir/index.ts'

/** What the embedder says two texts have in common: the topic that they name; the wording turns it a little. */
const topics = ['password', 'invoice', 'capital', 'parcel', 'token', 'weather']

const embeddingOf = (text: string): readonly number[] => {
  const vector = Array.from({ length: 32 }, () => 0)
  const topic = topics.findIndex((word) => text.toLowerCase().includes(word))
  vector[topic < 0 ? topics.length : topic] = 1
  vector[16 + (Number(Bun.hash(text) % 16n) % 16)] = 0.2
  return vector
}

export interface Embedder {
  readonly url: string
  readonly texts: string[]
  isAway: boolean
  delay: number
  stop(): Promise<void>
}

export const startEmbedder = (): Embedder => {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { input } = (await request.json()) as { input: string }
      embedder.texts.push(input)
      if (embedder.delay > 0) await Bun.sleep(embedder.delay)
      if (embedder.isAway) return new Response('{}', { status: 503 })
      return Response.json({
        object: 'list',
        model: 'e',
        data: [{ object: 'embedding', index: 0, embedding: embeddingOf(input) }],
        usage: { prompt_tokens: 9, total_tokens: 9 },
      })
    },
  })
  const embedder: Embedder = {
    url: `http://127.0.0.1:${server.port}`,
    texts: [],
    isAway: false,
    delay: 0,
    stop: () => server.stop(true),
  }
  return embedder
}

const questionIn = ({ turns }: GenerateRequest): string => {
  const [part] = turns.at(-1)?.parts ?? []
  return part?.type === 'text' ? part.text : ''
}

/** Each topic has one answer in two forms, capitals one for each country; the judge compares what it is shown. */
export const answerTo = (request: GenerateRequest, calls: number): string => {
  const question = questionIn(request)
  if (request.model === 'judge') {
    const { right_answer: right, other_answer: other } = JSON.parse(question) as Record<string, string>
    return bare(right) === bare(other) ? 'Yes.' : 'no'
  }
  const topic = topics.find((word) => question.toLowerCase().includes(word)) ?? 'nothing'
  const place = topic === 'capital' ? ` in ${question.split(' ').at(-1)}` : ''
  return `${calls % 2 === 0 ? 'surely, ' : ''}about the ${topic}${place}`
}

const bare = (answer = ''): string => answer.replace('surely, ', '')

/** Wordings without anything that must be equal, and not one word apart from one another. */
export const wordings = Array.from({ length: 60 }, (_, at) => {
  const openings = [
    'please explain',
    'kindly describe',
    'tell us briefly',
    'need advice concerning',
    'guide me through',
  ]
  const endings = [
    'the password reset',
    'resetting a password',
    'password recovery steps',
    'recovering that password',
  ]
  const extras = ['', 'for beginners', 'in detail']
  const opening = openings[at % openings.length] ?? ''
  const ending = endings[Math.floor(at / openings.length) % endings.length] ?? ''
  return `${opening} ${ending} ${extras[Math.floor(at / (openings.length * endings.length))] ?? ''}`.trim()
})
