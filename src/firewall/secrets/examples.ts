import { type ClassName, charactersOf, classBit } from './character-classes.ts'
import { encodeBase58Check, encodeBech32, tokenChecksum } from './checksums.ts'

/** A text made from a rule's example, and where its secrets stand. */
export interface Example {
  readonly text: string
  readonly secrets: readonly { readonly start: number; readonly end: number }[]
}

/**
 * Writes an example out: `{alnum:36}` becomes 36 random characters of the class, `{make:ghp}` a value with its checksum or
 * structure, and what stands between « and » is the secret. No example exists before it is asked for, so that none is in
 * a repository.
 *
 * @param random numbers from 0 up to 1
 */
export const writeExample = (template: string, random: () => number): Example => {
  const written = template.replace(/\{(\w+):([\w-]+)\}/g, (whole, name: string, argument: string) => {
    if (name === 'make') return (makers[argument] ?? (() => whole))(random)
    return classBit(name) === 0 ? whole : letters(name as ClassName, Number(argument), random)
  })
  const secrets: { start: number; end: number }[] = []
  let text = ''
  for (const part of written.split(/([«»])/)) {
    if (part === '«') secrets.push({ start: text.length, end: text.length })
    else if (part === '»') secrets.push({ start: secrets.pop()?.start ?? 0, end: text.length })
    else text += part
  }
  return { text, secrets }
}

/** The same numbers for the same seed (mulberry32). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const letters = (name: ClassName, length: number, random: () => number): string => {
  const set = charactersOf(name)
  // Ends and beginnings that are signs would belong to the text around a token as well as to it.
  const plain = [...set].filter((character) => /[A-Za-z0-9]/.test(character)).join('') || set
  const pick = (from: string): string => from.charAt(Math.floor(random() * from.length))
  return Array.from({ length }, (_, at) => pick(at === 0 || at === length - 1 ? plain : set)).join('')
}

const bytes = (length: number, random: () => number): Buffer =>
  Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))

const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const githubToken =
  (prefix: string, length: number) =>
  (random: () => number): string => {
    const body = letters('alnum', length, random)
    return `${prefix}_${body}${tokenChecksum(body)}`
  }

const password = (random: () => number): string =>
  `${letters('letter', 5, random)}7${letters('alnum', 4, random)}-Q${letters('alnum', 6, random)}`

const pemLines = (random: () => number): string =>
  Array.from({ length: 4 }, () => `MI${letters('base64', 62, random)}`).join('\n')

const token = (algorithm: string, random: () => number): string =>
  `${json({ alg: algorithm, typ: 'JWT' })}.${json({ sub: letters('digit', 8, random), iat: 1_700_000_000 })}.${letters('alnum', 43, random)}`

const makers: Readonly<Record<string, (random: () => number) => string>> = {
  ghp: githubToken('ghp', 30),
  gho: githubToken('gho', 30),
  ghu: githubToken('ghu', 30),
  ghs: githubToken('ghs', 30),
  ghr: githubToken('ghr', 70),
  npm: githubToken('npm', 30),
  jwt: (random) => token('HS256', random),
  unsignedjwt: (random) => token('none', random),
  password,
  basic: (random) => Buffer.from(`ci-bot:${password(random)}`).toString('base64'),
  secretdata: (random) => Buffer.from(`Zq4${letters('alnum', 18, random)}`).toString('base64'),
  pem: pemLines,
  escapedpem: (random) => pemLines(random).replaceAll('\n', '\\n'),
  wif: (random) =>
    encodeBase58Check(Buffer.concat([Buffer.from([0x80]), bytes(32, random), Buffer.from([1])])),
  xprv: (random) => encodeBase58Check(Buffer.concat([Buffer.from('0488ade4', 'hex'), bytes(74, random)])),
  nsec: (random) => encodeBech32('nsec', fiveBits(bytes(32, random))),
  json: (random) =>
    Buffer.from(
      JSON.stringify({ o: letters('digit', 6, random), n: 'main', k: letters('alnum', 24, random) }),
    ).toString('base64'),
  grafana: (random) =>
    Buffer.from(JSON.stringify({ k: letters('alnum', 44, random), n: 'main', id: 1 })).toString('base64'),
  onepassword: (random) =>
    `ops_${json({ signInAddress: 'acme.1password.com', userAuth: { method: 'SRPg-4096', salt: letters('alnum', 200, random) } })}`,
  elastic: (random) =>
    Buffer.from(`${letters('alnum', 20, random)}:${letters('alnum', 22, random)}`).toString('base64'),
  dollar: () => '$',
  variable: () => ['$', '{SOME_TOKEN}'].join(''),
}

const fiveBits = (input: Uint8Array): readonly number[] => {
  const values: number[] = []
  let held = 0
  let count = 0
  for (const byte of input) {
    held = (held << 8) | byte
    count += 8
    while (count >= 5) {
      count -= 5
      values.push((held >> count) & 31)
    }
    held &= (1 << count) - 1
  }
  return count > 0 ? [...values, (held << (5 - count)) & 31] : values
}
