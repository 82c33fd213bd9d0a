import { once } from 'node:events'
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { HttpCall } from './send-http.ts'
import type { StreamSource } from './stream-body.ts'

/** The bytes of an upstream's stream, unpacked where it came compressed all the same. */
export const httpSource = (
  call: HttpCall,
  body: ReadableStream<Uint8Array>,
  encoding: string | null,
): StreamSource => {
  const next = encoding === null || encoding === 'identity' ? chunksOf(body) : unpacked(body, encoding)
  return {
    async read() {
      const chunk = await next()
      if (chunk === undefined) call.finished()
      return chunk
    },
    abort() {
      call.finished()
      call.abort()
    },
  }
}

type NextChunk = () => Promise<Uint8Array | undefined>

const chunksOf = (body: ReadableStream<Uint8Array>): NextChunk => {
  const reader = body.getReader()
  return async () => {
    const { done, value } = await reader.read()
    return done ? undefined : value
  }
}

/** `identity` was asked for; an upstream that compresses all the same is unpacked, since blocks must be readable. */
const unpacked = (body: ReadableStream<Uint8Array>, encoding: string): NextChunk => {
  const decoder = streamDecoder(encoding)
  if (decoder === undefined) return chunksOf(body)
  const feed = chunksOf(body)
  const write = async (): Promise<void> => {
    for (let chunk = await feed(); chunk !== undefined; chunk = await feed()) {
      if (!decoder.write(chunk)) await once(decoder, 'drain')
    }
    decoder.end()
  }
  write().catch((error: unknown) =>
    decoder.destroy(error instanceof Error ? error : new Error('upstream died')),
  )
  const chunks = decoder[Symbol.asyncIterator]()
  return async () => {
    const { done, value } = await chunks.next()
    return done === true ? undefined : value
  }
}

const streamDecoder = (encoding: string): Transform | undefined => {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip()
  if (encoding === 'deflate') return createInflate()
  if (encoding === 'br') return createBrotliDecompress()
  return encoding === 'zstd' ? createZstdDecompress() : undefined
}
