import { describe, expect, test } from 'bun:test'
import { wireRequest } from '../../test/support/corpus.ts'
import { protocols } from './index.ts'
import type { EmbedCodec, Protocol } from './protocol.ts'

/** Embeddings from a client of one vendor to the other's provider and back, through the canonical form. */
const codecOf = (protocol: Protocol): EmbedCodec => {
  if (protocol.embed === undefined) throw new Error(`${protocol.id} embeds nothing`)
  return protocol.embed
}
const openai = codecOf(protocols['openai-embeddings'])
const google = codecOf(protocols.gemini)
const fromOpenai = (body: object) =>
  openai.decodeRequest(
    wireRequest(protocols['openai-embeddings'], { path: '/v1/embeddings', body: JSON.stringify(body) }),
  )
const fromGoogle = (method: string, body: object) =>
  google.decodeRequest(
    wireRequest(protocols.gemini, { path: `/v1beta/models/alias:${method}`, body: JSON.stringify(body) }),
  )
const target = { model: 'real', stream: false }
const answer = (body: object) => ({
  status: 200,
  headers: new Headers(),
  body: new TextEncoder().encode(JSON.stringify(body)),
})

describe('an OpenAI client of Gemini', () => {
  test.each([
    ['one', 'a', 'embedContent', { embedding: { values: [0.5, -1.25] } }],
    ['list', ['a', 'b'], 'batchEmbedContents', { embeddings: [{ values: [0.5] }, { values: [-1.25] }] }],
  ])('asks for %s and gets it in its own form', (_name, input, method, said) => {
    const request = fromOpenai({ model: 'alias', input, dimensions: 2, encoding_format: 'base64', user: 'u' })
    const sent = google.encodeRequest(request, target)
    expect(sent.path).toBe(`/v1beta/models/real:${method}`)
    expect(sent.warnings).toEqual([])
    const one = (text: string) => ({
      model: 'models/real',
      content: { parts: [{ text }] },
      outputDimensionality: 2,
    })
    expect(JSON.parse(sent.body)).toEqual(
      typeof input === 'string' ? one(input) : { requests: input.map(one) },
    )
    const wire = answer({ ...said, usageMetadata: { promptTokenCount: 3 } })
    const back = JSON.parse(openai.encodeResponse(google.decodeResponse(wire, request), request))
    expect(back).toMatchObject({
      object: 'list',
      model: 'alias',
      usage: { prompt_tokens: 3, total_tokens: 3 },
    })
    const vectors = back.data.map(({ embedding }: { embedding: string }) =>
      Array.from(new Float32Array(new Uint8Array(Buffer.from(embedding, 'base64')).buffer)),
    )
    expect(vectors).toEqual(typeof input === 'string' ? [[0.5, -1.25]] : [[0.5], [-1.25]])
  })

  test('gets numbers where it asks for them, and no count where nobody counted', () => {
    const request = fromOpenai({ model: 'm', input: ['a'], encoding_format: 'float' })
    const back = openai.encodeResponse(
      google.decodeResponse(answer({ embeddings: [{ values: [1] }] }), request),
      request,
    )
    expect(JSON.parse(back)).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [1] }],
      model: 'm',
    })
  })

  test('is told that token ids cannot be sent', () => {
    expect(() => google.encodeRequest(fromOpenai({ model: 'm', input: [[1, 2]] }), target)).toThrow(
      expect.objectContaining({ code: 'gateway_translation_unsupported', param: 'input' }),
    )
  })
})

describe('a Gemini client of OpenAI', () => {
  const one = (text: string, more: object = {}) => ({
    model: 'models/alias',
    content: { parts: [{ text }] },
    ...more,
  })

  test('asks for a batch and gets it in its own form', () => {
    const settings = { outputDimensionality: 2, taskType: 'RETRIEVAL_QUERY' }
    const request = fromGoogle('batchEmbedContents', { requests: [one('a', settings), one('b', settings)] })
    const sent = openai.encodeRequest(request, target)
    expect(sent.path).toBe('/v1/embeddings')
    expect(JSON.parse(sent.body)).toEqual({ model: 'real', input: ['a', 'b'], dimensions: 2 })
    expect(sent.warnings).toMatchObject([{ code: 'dropped', feature: 'task type' }])
    const wire = answer({
      object: 'list',
      model: 'real',
      data: [
        { object: 'embedding', index: 1, embedding: [2] },
        {
          object: 'embedding',
          index: 0,
          embedding: Buffer.from(new Float32Array([1]).buffer).toString('base64'),
        },
      ],
      usage: { prompt_tokens: 4, total_tokens: 4 },
    })
    expect(JSON.parse(google.encodeResponse(openai.decodeResponse(wire, request), request))).toEqual({
      embeddings: [{ values: [1] }, { values: [2] }],
      usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 },
    })
  })

  test('asks for one and gets one', () => {
    const request = fromGoogle('embedContent', one('a'))
    expect(JSON.parse(openai.encodeRequest(request, target).body)).toEqual({ model: 'real', input: 'a' })
    const wire = answer({ data: [{ index: 0, embedding: [1, 2] }] })
    expect(JSON.parse(google.encodeResponse(openai.decodeResponse(wire, request), request))).toEqual({
      embedding: { values: [1, 2] },
    })
  })

  test('is refused what has no counterpart, by its place', () => {
    const picture = {
      content: { parts: [{ text: 'a' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
    }
    for (const [requests, param] of [
      [[one('a'), picture], 'requests[1].content.parts[1]'],
      [[one('a', { outputDimensionality: 2 }), one('b')], 'requests[1].outputDimensionality'],
    ] as const) {
      const request = fromGoogle('batchEmbedContents', { requests })
      expect(() => openai.encodeRequest(request, target)).toThrow(expect.objectContaining({ param }))
      expect(JSON.parse(google.encodeRequest(request, target).body).requests).toHaveLength(2)
    }
  })

  test('of Gemini behind an alias finds the real name in every request of a batch', () => {
    const request = fromGoogle('batchEmbedContents', {
      requests: [one('a'), { content: { parts: [{ text: 'b' }] } }],
    })
    const sent = google.encodeRequest(request, target)
    expect(sent.path).toBe('/v1beta/models/real:batchEmbedContents')
    expect(JSON.parse(sent.body).requests.map(({ model }: { model?: string }) => model)).toEqual([
      'models/real',
      undefined,
    ])
  })
})
