/**
 * Records the embeddings of the labelled questions, so that nobody needs an embedder to measure.
 *
 *   bun eval/semantic/record.ts --url http://127.0.0.1:8099/v1 [--model universal-sentence-encoder]
 *
 * The key of a server that wants one is read from `EMBEDDINGS_API_KEY`.
 */
import { parseArgs } from 'node:util'
import { packVectors, readQuestions, vectorsFile } from './question-set.ts'

const { values } = parseArgs({
  options: { url: { type: 'string' }, model: { type: 'string', default: 'universal-sentence-encoder' } },
})
if (values.url === undefined) throw new Error('--url names a server of OpenAI embeddings')

const texts = readQuestions().map(({ text }) => text)
const vectors: (readonly number[])[] = []
const batch = 32
for (let from = 0; from < texts.length; from += batch) {
  const response = await fetch(`${values.url}/embeddings`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${process.env['EMBEDDINGS_API_KEY'] ?? 'none'}`,
    },
    body: JSON.stringify({ model: values.model, input: texts.slice(from, from + batch) }),
  })
  if (!response.ok) throw new Error(`the server answered ${response.status}`)
  const { data } = (await response.json()) as { data: readonly { embedding: readonly number[] }[] }
  vectors.push(...data.map(({ embedding }) => embedding))
}
await Bun.write(vectorsFile, packVectors(vectors))
console.log(`${vectors.length} embeddings of ${vectors[0]?.length ?? 0} numbers`)
