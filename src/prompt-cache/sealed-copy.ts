import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Keeps bytes so that whoever reads the memory, a core dump or a swap file finds none of them. */
export interface Sealer {
  seal(bytes: Uint8Array): SealedCopy
  open(copy: SealedCopy): Uint8Array
}

export interface SealedCopy {
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

/** With a key of its own, which never leaves it. */
export const createSealer = (): Sealer => {
  const key = randomBytes(32)
  return {
    seal(bytes) {
      const nonce = randomBytes(16)
      return { nonce, sealed: createCipheriv('aes-256-ctr', key, nonce).update(bytes) }
    },
    open: ({ nonce, sealed }) => createDecipheriv('aes-256-ctr', key, nonce).update(sealed),
  }
}
