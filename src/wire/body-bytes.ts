/**
 * The same bytes as a type that `fetch` and `Response` take, without copying them: a copy of 100 KB costs as much as
 * forwarding it. Only shared memory, which nothing of ours uses, would have to be copied.
 */
export const bodyBytes = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const { buffer, byteOffset, byteLength } = bytes
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(bytes)
}
