/** Base64 of a vector is its 32-bit floats, little-endian, whatever the machine. */
export const encodeVector = (vector: readonly number[]): string => {
  const bytes = Buffer.allocUnsafe(vector.length * 4)
  vector.forEach((value, index) => {
    bytes.writeFloatLE(value, index * 4)
  })
  return bytes.toString('base64')
}

/** A vector in either form; undefined for what is neither. */
export const decodeVector = (value: unknown): readonly number[] | undefined => {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'base64')
    return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4))
  }
  return Array.isArray(value) && value.every((item) => typeof item === 'number') ? value : undefined
}
