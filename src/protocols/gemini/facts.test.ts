import { describe, expect, test } from 'bun:test'
import { matchEndpoint, wireRequest } from '../../../test/support/corpus.ts'
import { GatewayError } from '../../errors.ts'
import { scanJson } from '../../wire/index.ts'
import { gemini } from './index.ts'
import { uploadedFile } from './uploaded-file.ts'

const factsOf = (
  body: unknown,
  path = '/v1beta/models/gemini-3.8-flash:generateContent',
  headers: Readonly<Record<string, string>> = {},
) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const wire = wireRequest(gemini, { path, body: text, headers: new Headers(headers) })
  const endpoint = matchEndpoint(gemini, 'POST', path)?.endpoint
  if (endpoint === undefined) throw new Error(`no endpoint for ${path}`)
  return gemini.facts({ ...wire, endpoint, scan: scanJson(wire.body, gemini.watchedKeys, 512) })
}

describe('facts of a request', () => {
  test('the model and streaming come from the path, of either version, with slashes and escapes', () => {
    expect(factsOf({ contents: [] })).toEqual({ model: 'gemini-3.8-flash', stream: false, handles: [] })
    const path = '/v1/models/meta%2Fllama:streamGenerateContent'
    expect(factsOf({ contents: [] }, path)).toEqual({ model: 'meta/llama', stream: true, handles: [] })
  })

  test('a model that the body repeats is found where it is one, with what stands before it', () => {
    const found = (body: unknown, call: string) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return factsOf(text, `/v1beta/models/m:${call}`).modelRepeats?.map(({ start, end, prefix }) => [
        Buffer.from(text).subarray(start, end).toString(),
        prefix,
      ])
    }
    expect(found({ model: 'models/m', content: { parts: [{ text: 'model' }] } }, 'embedContent')).toEqual([
      ['"models/m"', 'models/'],
    ])
    const requests = ['models/m', 'm'].map((model) => ({ model, content: { model: 'mine', parts: [] } }))
    expect(found({ requests }, 'batchEmbedContents')).toEqual([
      ['"models/m"', 'models/'],
      ['"m"', ''],
    ])
    expect(found({ generateContentRequest: { model: 'models/m', contents: [] } }, 'countTokens')).toEqual([
      ['"models/m"', 'models/'],
    ])
    const schema = { type: 'OBJECT', properties: { model: { type: 'STRING' } } }
    const tool = {
      tools: [{ functionDeclarations: [{ name: 'f', parameters: schema }] }],
      requestz: [{ model: 'x' }],
    }
    expect(found(tool, 'generateContent')).toBeUndefined()
    expect(found({ model: 5, requests: { model: 'x' } }, 'batchEmbedContents')).toBeUndefined()
    expect(found('{"é":"ü","m\\u006fdel":"models/m"}', 'embedContent')).toEqual([['"models/m"', 'models/']])
  })

  test('the output limit is read in both spellings and as a string, but never from a schema', () => {
    expect(factsOf({ generationConfig: { maxOutputTokens: 5 } }).maxOutputTokens).toBe(5)
    expect(factsOf({ generation_config: { max_output_tokens: '6' } }).maxOutputTokens).toBe(6)
    const schema = { properties: { maxOutputTokens: { maxOutputTokens: 9 } } }
    expect(factsOf({ generationConfig: { responseSchema: schema } }).maxOutputTokens).toBeUndefined()
    expect(factsOf({ tools: [{ maxOutputTokens: 9 }], generationConfig: {} }).maxOutputTokens).toBeUndefined()
  })

  test('the session is in a header, where the client names one', () => {
    expect(factsOf({}, undefined, { 'x-session-id': 'ses_1' }).session).toBe('ses_1')
    expect(factsOf({}, undefined, { 'x-session-affinity': 'ses_2' }).session).toBe('ses_2')
    expect(factsOf({}, undefined, { 'x-session-id': '' }).session).toBeUndefined()
  })

  test('a wrong type is refused with the path', () => {
    for (const [body, param] of [
      [{ generationConfig: { maxOutputTokens: 'many' } }, 'generationConfig.maxOutputTokens'],
      [{ cachedContent: 5 }, 'cachedContent'],
    ] as const) {
      let thrown: unknown
      try {
        factsOf(body)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(GatewayError)
      expect(thrown).toMatchObject({ code: 'gateway_request_invalid', param })
    }
  })

  test('handles are found wherever they stand, escaped keys included', () => {
    const uri = 'https://generativelanguage.googleapis.com/v1beta/files/abc'
    const body = `{"\\u0063achedContent":"cachedContents/c1","contents":[{"parts":[
      {"fileData":{"fileUri":"${uri}"}},{"file_data":{"file_uri":"https://youtu.be/x"}},
      {"functionResponse":{"parts":[{"fileData":{"f\\u0069leUri":"${uri}2?alt=media"}}]}}]}],
      "tools":{"fileSearch":{"file_search_store_names":["fileSearchStores/s"]}}}`
    expect(factsOf(body).handles).toEqual([
      { kind: 'cached-content', id: 'cachedContents/c1', path: 'cachedContent' },
      { kind: 'file', id: 'files/abc', path: 'fileUri' },
      { kind: 'file', id: 'files/abc2', path: 'fileUri' },
      { kind: 'vector-store', id: 'fileSearchStores/s', path: 'file_search_store_names' },
    ])
  })

  test('only the Files API counts as upstream state', () => {
    const host = 'generativelanguage.googleapis.com'
    expect(uploadedFile(`HTTPS://${host.toUpperCase()}./v1/%66iles/x:download`)).toBe('files/x')
    expect(uploadedFile('files/x')).toBe('files/x')
    expect(uploadedFile(`https://${host}/v1beta/odd`)).toBe('/v1beta/odd')
    expect(uploadedFile('https://example.com/files/x')).toBeUndefined()
    expect(uploadedFile('gs://bucket/files/x')).toBeUndefined()
  })
})
