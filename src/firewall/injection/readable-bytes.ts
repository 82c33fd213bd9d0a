/** Whether bytes are text: no control characters, and UTF-8 beyond ASCII only in whole sequences. */
export const isReadable = (bytes: Uint8Array): boolean => {
  let following = 0
  for (let index = 0; index < bytes.length && following >= 0; index += 1)
    following = nextByte(following, bytes[index] ?? 0)
  return following >= 0 && bytes.length > 0
}

/** How many bytes of a sequence follow after this one, of which so many were expected; -1 where it is not text. */
export const nextByte = (expected: number, byte: number): number => {
  if (expected > 0) return (byte & 0xc0) === 0x80 ? expected - 1 : -1
  if (byte < 0x80) return byte < 9 || (byte > 13 && byte < 32) || byte === 127 ? -1 : 0
  return byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : -1
}
