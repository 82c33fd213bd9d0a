/**
 * The media type that the first bytes of a file tell; undefined for text and for what nobody asks for.
 * Clients leave types out, or send `image/*`.
 */
export const mediaTypeOf = (bytes: Uint8Array): string | undefined => {
  const head = latin1(bytes.subarray(0, 40))
  const known = signatures.find(([start]) => head.startsWith(start))?.[1]
  if (known !== undefined) return known
  if (head.startsWith('RIFF')) return containers[head.slice(8, 12)]
  if (head.slice(4, 8) === 'ftyp') return brandType(head.slice(8, 12))
  // MPEG audio frames begin with eleven bits set.
  return bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0 ? 'audio/mpeg' : undefined
}

/** The same of base64 text, of which only the beginning is decoded. */
export const mediaTypeOfBase64 = (data: string): string | undefined =>
  mediaTypeOf(Buffer.from(data.slice(0, 64), 'base64'))

/** The type without parameters, in the one spelling that providers take. */
export const essenceOf = (mediaType: string | undefined): string | undefined => {
  const essence = mediaType?.split(';')[0]?.trim().toLowerCase()
  if (essence === undefined || essence === '' || essence.endsWith('/*')) return undefined
  return Object.hasOwn(aliases, essence) ? aliases[essence] : essence
}

const aliases: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'image/x-png': 'image/png',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
  'application/x-pdf': 'application/pdf',
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const signatures: readonly (readonly [string, string])[] = [
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['BM', 'image/bmp'],
  ['II*\0', 'image/tiff'],
  ['MM\0*', 'image/tiff'],
  ['%PDF-', 'application/pdf'],
  ['PK\x03\x04', 'application/zip'],
  ['ID3', 'audio/mpeg'],
  ['OggS', 'audio/ogg'],
  ['fLaC', 'audio/flac'],
  ['\x1aE\xdf\xa3', 'video/webm'],
]

const containers: Readonly<Record<string, string>> = {
  WEBP: 'image/webp',
  WAVE: 'audio/wav',
  'AVI ': 'video/x-msvideo',
}

const brandType = (brand: string): string => {
  if (['heic', 'heix', 'hevc', 'heim', 'heis'].includes(brand)) return 'image/heic'
  if (['mif1', 'msf1', 'heif'].includes(brand)) return 'image/heif'
  if (brand === 'avif' || brand === 'avis') return 'image/avif'
  if (brand === 'M4A ') return 'audio/mp4'
  return brand === 'qt  ' ? 'video/quicktime' : 'video/mp4'
}
