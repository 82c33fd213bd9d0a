/** Any string as bytes, in the shortest form from which it comes back exactly. */
export interface EncodedText {
  readonly encoding: number
  readonly bytes: Buffer
}

const utf8 = 0
const base64 = 1
const base64Url = 2
const utf16 = 3

/** Most state is base64, which takes a quarter less as the bytes that it stands for. */
export const encodeText = (text: string): EncodedText => {
  if (text.length >= 16 && /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) {
    const bytes = Buffer.from(text, 'base64')
    if (bytes.toString('base64') === text) return { encoding: base64, bytes }
    if (paddedUrl(bytes) === text) return { encoding: base64Url, bytes }
  }
  // Lone surrogates have no UTF-8.
  return text.isWellFormed()
    ? { encoding: utf8, bytes: Buffer.from(text, 'utf8') }
    : { encoding: utf16, bytes: Buffer.from(text, 'utf16le') }
}

/** Undefined for an encoding that nobody writes. */
export const decodeText = (encoding: number, bytes: Buffer): string | undefined => {
  switch (encoding) {
    case utf8:
      return bytes.toString('utf8')
    case base64:
      return bytes.toString('base64')
    case base64Url:
      return paddedUrl(bytes)
    case utf16:
      return bytes.toString('utf16le')
    default:
      return undefined
  }
}

/** As OpenAI writes its encrypted content. */
const paddedUrl = (bytes: Buffer): string => {
  const text = bytes.toString('base64url')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}
