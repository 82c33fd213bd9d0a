import { expect } from 'bun:test'
import { collect, type GenerateRequest, type GenerateResponse } from '../../src/ir/index.ts'
import { sseDecoder } from '../../src/wire/index.ts'
import type { TranslationCase } from '../gateway/translation-cases.ts'
import { type TestGateway, testKey } from './gateway.ts'
import { generateCodec } from './mirror-upstream.ts'

/** Asks as a client of this protocol would. */
export const askAs = async (
  gateway: TestGateway,
  client: TranslationCase,
  request: Omit<GenerateRequest, 'protocol' | 'sampling'>,
  key: string = testKey,
  signal?: AbortSignal,
): Promise<Answered> => {
  const { model, stream } = request
  const { protocol } = client
  const { body } = generateCodec(protocol).encodeRequest(
    { ...request, protocol, sampling: {} },
    { model, stream },
  )
  return postAs(gateway, { path: client.path(model, stream), body, key, ...(signal && { signal }) })
}

export interface Answered {
  readonly response: Response
  readonly bytes: Uint8Array
}

export interface Posting {
  readonly path: string
  readonly body: string
  /** A virtual key. */
  readonly key: string
  readonly signal?: AbortSignal
}

/** Sends a body as clients of any protocol do, and reads the whole answer. */
export const postAs = async (
  gateway: Pick<TestGateway, 'url'>,
  { path, key, ...rest }: Posting,
): Promise<Answered> => {
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
    },
    ...rest,
  })
  return { response, bytes: await response.bytes() }
}

/** What the client reads; a stream must be whole. */
export const answerOf = (client: TranslationCase, bytes: Uint8Array, stream: boolean): GenerateResponse => {
  const codec = generateCodec(client.protocol)
  if (!stream) return codec.decodeResponse({ status: 200, headers: new Headers(), body: bytes })
  const frames = sseDecoder()
  const decoder = codec.streamDecoder()
  const events = [...frames.push(bytes), ...frames.end()].flatMap((frame) => decoder.push(frame))
  const collected = collect(client.protocol, [...events, ...decoder.end()])
  expect(collected).toMatchObject({ complete: true })
  expect(collected.error).toBeUndefined()
  return collected.response
}

export const textOf = ({ choices }: GenerateResponse): string =>
  (choices[0]?.parts ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')

/** The arguments of its tool call; undefined for none. */
export const callOf = ({ choices }: GenerateResponse): unknown => {
  const call = choices[0]?.parts.find(({ type }) => type === 'tool-call')
  return call?.type === 'tool-call' ? JSON.parse(call.input) : undefined
}
