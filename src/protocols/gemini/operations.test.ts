import { describe, expect, test } from 'bun:test'
import { wireRequest } from '../../../test/support/corpus.ts'
import { bare } from '../../ir/index.ts'
import type { ListedModel } from '../protocol.ts'
import { countTokens } from './count-tokens.ts'
import { embed } from './embed.ts'
import { gemini } from './index.ts'
import { models } from './models.ts'

const wire = (method: string, body: unknown) =>
  wireRequest(gemini, { path: `/v1/models/text-embedding:${method}`, body: JSON.stringify(body) })
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

describe('counting tokens', () => {
  test('reads contents alone or a whole request', () => {
    const contents = [{ role: 'user', parts: [{ text: 'hi' }] }]
    const alone = countTokens.decodeRequest(wire('countTokens', { contents }))
    const inner = { model: 'models/x', contents, systemInstruction: { parts: [{ text: 's' }] } }
    const whole = countTokens.decodeRequest(wire('countTokens', { generateContentRequest: inner }))
    expect(alone.turns).toHaveLength(1)
    expect(whole.turns.map(({ role }) => role)).toEqual(['system', 'user'])
  })

  test('answers as the vendor does', () => {
    const body = countTokens.encodeResponse({ inputTokens: 7 })
    expect(JSON.parse(body)).toEqual({
      totalTokens: 7,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 7 }],
    })
    const response = { status: 200, headers: new Headers(), body: new TextEncoder().encode(body) }
    expect(countTokens.decodeResponse(response).inputTokens).toBe(7)
  })
})

describe('embeddings', () => {
  const one = {
    model: 'models/text-embedding',
    content: { parts: [{ text: 'a' }] },
    taskType: 'RETRIEVAL_DOCUMENT',
    title: 't',
    outputDimensionality: 3,
  }
  const target = { model: 'text-embedding', stream: false }

  test('one and many are the same request in two forms, and come back as they were', () => {
    for (const [method, body, form] of [
      ['embedContent', one, 'one'],
      ['batchEmbedContents', { requests: [one, { ...one, content: { parts: [{ text: 'b' }] } }] }, 'list'],
    ] as const) {
      const request = embed.decodeRequest(wire(method, body))
      expect(request).toMatchObject({ form, dimensions: 3, task: 'RETRIEVAL_DOCUMENT', title: 't' })
      const encoded = embed.encodeRequest(request, target)
      expect(encoded.path).toBe(`/v1/models/text-embedding:${method}`)
      expect(JSON.parse(encoded.body)).toEqual(body)
      const again = JSON.parse(embed.encodeRequest(bare(request), target).body)
      expect(again).toEqual(body)
    }
  })

  test('another model is written into every request of a batch', () => {
    const request = embed.decodeRequest(wire('batchEmbedContents', { requests: [one] }))
    const encoded = embed.encodeRequest(request, { model: 'other', stream: false })
    expect(JSON.parse(encoded.body).requests[0].model).toBe('models/other')
  })

  test('answers come back as they were', () => {
    for (const [method, body] of [
      ['embedContent', { embedding: { values: [1, 2] } }],
      ['batchEmbedContents', { embeddings: [{ values: [1] }, { values: [2] }] }],
    ] as const) {
      const request = embed.decodeRequest(wire(method, { requests: [one, one] }))
      const response = embed.decodeResponse(
        { status: 200, headers: new Headers(), body: bytes(body) },
        request,
      )
      expect(JSON.parse(embed.encodeResponse(response, request))).toEqual(body)
    }
  })

  test('every text of a batch is a leaf', () => {
    const found = gemini.generate?.leaves(wire('batchEmbedContents', { requests: [one] })) ?? []
    expect(found.map(({ id, kind }) => [id, kind])).toEqual([
      ['requests[0].content.parts[0].text', 'embedding'],
      ['requests[0].title', 'title'],
    ])
  })
})

describe('listing models', () => {
  const listed: readonly ListedModel[] = ['a', 'b', 'c'].map((id) => ({
    id,
    provider: 'p',
    operations: ['generate', 'count-tokens'],
    contextWindow: 10,
  }))
  const page = (query: string) => JSON.parse(models.encodeList(listed, new URLSearchParams(query)))

  test('pages follow each other to the end', () => {
    const first = page('pageSize=2')
    expect(first.models.map(({ name }: { name: string }) => name)).toEqual(['models/a', 'models/b'])
    const second = page(`pageSize=2&pageToken=${first.nextPageToken}`)
    expect(second).toEqual({ models: [expect.objectContaining({ name: 'models/c', inputTokenLimit: 10 })] })
  })

  test('a bad page is refused by name', () => {
    expect(() => page('pageToken=zzz')).toThrow("'pageToken'")
    expect(() => page('pageSize=-1')).toThrow("'pageSize'")
  })

  test('methods tell what a model can do', () => {
    expect(page('').models[0].supportedGenerationMethods).toEqual([
      'generateContent',
      'streamGenerateContent',
      'countTokens',
    ])
  })
})
