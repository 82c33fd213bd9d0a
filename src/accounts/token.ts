import { randomBytes } from 'node:crypto'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export const virtualKeyPrefix = 'tgw-sk-'
export const adminTokenPrefix = 'tgw-admin-'

/** A fresh secret: the prefix and 40 random base62 characters (238 bits). */
export const newToken = (prefix: string): string => prefix + randomBase62(40)

/** What a list shows of a token: its kind and the first four random characters, e.g. `tgw-sk-abcd…`. */
export const shownPrefix = (token: string): string => {
  const kind = [virtualKeyPrefix, adminTokenPrefix].find((prefix) => token.startsWith(prefix)) ?? ''
  return `${token.slice(0, kind.length + (kind === '' ? 0 : 4))}…`
}

/** A fresh row id such as `key_018f…`: ids made later sort later. `at` is in milliseconds. */
export const newId = (kind: string, at: number): string =>
  `${kind}_${Bun.randomUUIDv7('hex', at).replaceAll('-', '')}`

/** Can this text be the id of a row? What cannot is never asked of a database. */
export const isId = (text: string): boolean => /^[A-Za-z0-9_-]{1,100}$/.test(text)

const randomBase62 = (length: number): string => {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 248 is the largest multiple of 62 in a byte: what is above would make the first letters likelier.
      if (byte < 248 && text.length < length) text += base62[byte % 62]
    }
  }
  return text
}
