import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'

/** Bound of a decoded copy: a small answer must not unfold into gigabytes. */
const maxOutputLength = 256 * 1024 * 1024

/** A readable copy of a compressed whole body; undefined where the encoding is unknown or the bytes are bad. */
export const decoded = (body: Uint8Array, encoding: string | null): Uint8Array | undefined => {
  try {
    switch (encoding?.trim().toLowerCase() ?? 'identity') {
      case 'identity':
      case '':
        return body
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(body, { maxOutputLength })
      case 'deflate':
        return inflateSync(body, { maxOutputLength })
      case 'br':
        return brotliDecompressSync(body, { maxOutputLength })
      case 'zstd':
        return zstdDecompressSync(body, { maxOutputLength })
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}
