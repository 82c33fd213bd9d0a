import { createCipheriv, randomBytes } from 'node:crypto'
import type { RequestDigests } from './cache-key.ts'
import { remembered } from './remembered.ts'
import { decidingHeaders, decidingParameters } from './what-decides.ts'

/** A request as it is read: what nothing else than this can decide. */
export interface RequestSource {
  /** Whose key its digests are made with. */
  readonly organisation: string
  readonly protocol: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly parameters: Readonly<Record<string, string>>
    readonly query: URLSearchParams
    readonly headers: Headers
    readonly body: Uint8Array
  }
}

/**
 * Remembers the digests of long requests by their bytes: what is asked again is asked in the same bytes nearly always,
 * and to bring it into its canonical form and to digest that takes many times as long as to read it through.
 */
export interface RequestMemory {
  recall(source: RequestSource, make: () => RequestDigests): RequestDigests
}

interface Asked {
  readonly source: RequestSource
  readonly make: () => RequestDigests
}

/** Shorter ones are read as quickly as they are found. */
const shortest = 4_096
/** Some hundred bytes each. */
const mostRequests = 4_096

/** @param least bytes of a request that is remembered */
export const createRequestMemory = (least = shortest, most = mostRequests): RequestMemory => {
  const nameOf = createNames()
  const digestsOf = remembered(
    most,
    ({ source }: Asked) => nameOf(source),
    ({ make }) => make(),
  )
  return {
    recall: (source, make) => (source.request.body.byteLength < least ? make() : digestsOf({ source, make })),
  }
}

/**
 * The tag of AES-GCM under a key of this process, which is made in a tenth of the time of any digest. Two texts have one
 * tag with a probability below 2^-96, whoever wrote them, as long as nobody sees a tag: and none leaves this memory.
 */
const createNames = (): ((source: RequestSource) => string) => {
  const [key, nonce] = [randomBytes(32), randomBytes(12)]
  return ({ organisation, protocol, request }) => {
    const { method, path, parameters, query, headers, body } = request
    const around = JSON.stringify([
      ...[organisation, protocol, method, path, Object.entries(parameters)],
      ...[decidingParameters(query), decidingHeaders(headers)],
    ])
    // JSON ends where its bracket closes, so nothing of the body can be taken for it.
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(
      Buffer.concat([Buffer.from(around), body]),
    )
    cipher.final()
    return cipher.getAuthTag().toString('latin1')
  }
}
