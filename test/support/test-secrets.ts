import { createHash } from 'node:crypto'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A GitHub token that nobody has, with a checksum that holds: made when it is needed, so that none is written down. */
export const githubToken = (seed: string): string => {
  const bytes = createHash('sha256').update(seed).digest()
  const body = Array.from(bytes.subarray(0, 30), (byte) => digits[byte % digits.length]).join('')
  let rest = Bun.hash.crc32(body)
  let sum = ''
  for (let place = 0; place < 6; place += 1) {
    sum = digits[rest % 62] + sum
    rest = Math.floor(rest / 62)
  }
  return ['ghp', body + sum].join('_')
}
