/** Keccak-256 as Ethereum uses it: the padding before FIPS 202, which `sha3-256` is not. */

const rotations = [
  0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
] as const
const mask = (1n << 64n) - 1n
/** Bytes taken at a time. */
const rate = 136

/** Makes the hash: it takes ASCII shorter than 136 characters and gives 64 hexadecimal digits. */
export const createKeccak = (): ((text: string) => string) => {
  const constants = keccakConstants()
  return (text) => keccak256(text, constants)
}

const keccak256 = (text: string, constants: readonly bigint[]): string => {
  const block = new Uint8Array(rate)
  for (let index = 0; index < text.length; index++) block[index] = text.charCodeAt(index)
  block[text.length] = 0x01
  block[rate - 1] = (block[rate - 1] ?? 0) | 0x80
  const lanes = new BigUint64Array(25)
  lanes.set(new BigUint64Array(block.buffer))
  permute(lanes, constants)
  return Buffer.from(lanes.buffer, 0, 32).toString('hex')
}

const rotate = (lane: bigint, count: number): bigint =>
  count === 0 ? lane : ((lane << BigInt(count)) | (lane >> BigInt(64 - count))) & mask

const permute = (lanes: BigUint64Array, constants: readonly bigint[]): void => {
  const lane = (index: number): bigint => lanes[index] ?? 0n
  const moved = new BigUint64Array(25)
  for (const constant of constants) {
    for (let x = 0; x < 5; x++) {
      moved[x] = lane(x) ^ lane(x + 5) ^ lane(x + 10) ^ lane(x + 15) ^ lane(x + 20)
    }
    const sums = [...moved.subarray(0, 5)]
    for (let x = 0; x < 5; x++) {
      const mixed = (sums[(x + 4) % 5] ?? 0n) ^ rotate(sums[(x + 1) % 5] ?? 0n, 1)
      for (let y = 0; y < 25; y += 5) lanes[x + y] = lane(x + y) ^ mixed
    }
    for (let x = 0; x < 5; x++) {
      for (let y = 0; y < 5; y++) {
        moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(lane(x + 5 * y), rotations[x + 5 * y] ?? 0)
      }
    }
    for (let y = 0; y < 25; y += 5) {
      for (let x = 0; x < 5; x++) {
        lanes[x + y] =
          (moved[x + y] ?? 0n) ^ (~(moved[((x + 1) % 5) + y] ?? 0n) & mask & (moved[((x + 2) % 5) + y] ?? 0n))
      }
    }
    lanes[0] = lane(0) ^ constant
  }
}

/** The constants of the 24 rounds, from the shift register that defines them. */
const keccakConstants = (): readonly bigint[] => {
  const constants: bigint[] = []
  let register = 1
  for (let round = 0; round < 24; round++) {
    let constant = 0n
    for (let bit = 0; bit < 7; bit++) {
      if ((register & 1) === 1) constant |= 1n << BigInt((1 << bit) - 1)
      register = (register << 1) ^ ((register >> 7) * 0x171)
    }
    constants.push(constant)
  }
  return constants
}
