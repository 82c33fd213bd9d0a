export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** So much of a picture is looked at; a JPEG may hold a preview before its size. */
const longestHead = 128 * 1024

/** Size of a PNG, GIF, WebP or JPEG in base64, read from its head. Undefined when it does not tell. */
export const imageSize = (data: string): ImageSize | undefined => {
  const bytes = Buffer.from(data.slice(0, Math.ceil(longestHead / 3) * 4), 'base64')
  const head = bytes.toString('latin1', 0, 16)
  if (head.startsWith('\x89PNG') && bytes.length >= 24) {
    return sized(bytes.readUInt32BE(16), bytes.readUInt32BE(20))
  }
  if (head.startsWith('GIF8') && bytes.length >= 10)
    return sized(bytes.readUInt16LE(6), bytes.readUInt16LE(8))
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return webpSize(bytes, head.slice(12, 16))
  return head.startsWith('\xff\xd8') ? jpegSize(bytes) : undefined
}

const sized = (width: number, height: number): ImageSize | undefined =>
  width > 0 && height > 0 ? { width, height } : undefined

const webpSize = (bytes: Buffer, chunk: string): ImageSize | undefined => {
  if (bytes.length < 30) return undefined
  switch (chunk) {
    case 'VP8X':
      return sized(1 + bytes.readUIntLE(24, 3), 1 + bytes.readUIntLE(27, 3))
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21)
      return sized(1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff))
    }
    case 'VP8 ':
      return sized(bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff)
    default:
      return undefined
  }
}

/** Segment by segment to the frame header, which tells the size. */
const jpegSize = (bytes: Buffer): ImageSize | undefined => {
  let position = 2
  while (position + 9 < bytes.length) {
    if (bytes[position] !== 0xff) return undefined
    const marker = bytes[position + 1] ?? 0
    if (marker === 0xff) position++
    else if (isFrame(marker)) return sized(bytes.readUInt16BE(position + 7), bytes.readUInt16BE(position + 5))
    else position += 2 + bytes.readUInt16BE(position + 2)
  }
  return undefined
}

/** C4, C8 and CC are tables. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
