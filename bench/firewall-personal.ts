/**
 * How fast personal data is looked for: `bun bench/firewall-personal.ts`. A prompt of code (this repository's own
 * sources, one megabyte), 32 KB of it, and texts made to be slow.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createPersonalDetector } from '../src/firewall/index.ts'

const megabyte = 1_000_000
const root = resolve(import.meta.dir, '../src')

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.includes('firewall'))
  .sort()
  .map((name) => readFileSync(join(root, name), 'utf8'))
  .join('\n')
const prompt = sources.repeat(Math.ceil(megabyte / sources.length)).slice(0, megabyte)
const filled = (piece: string): string => piece.repeat(Math.ceil(megabyte / piece.length)).slice(0, megabyte)

const texts: Readonly<Record<string, string>> = {
  'coding prompt': prompt,
  'coding prompt, ASCII alone': prompt.replace(/[^\0-\x7f]/g, ' '),
  'coding prompt, 32 KB': prompt.slice(0, 32_768),
  'one letter': filled('a'),
  digits: filled('1234567890'),
  'full-width digits': filled('１２３４５６７８９０'),
  'digits in groups': filled('1234 5678 '),
  'nine digits each': filled('123456782 '),
  '@': filled('@'),
  'a@': filled('a@'),
  'a@a.com': filled('a@a.com '),
  '+1': filled('+1'),
  '+1 415 555 2671': filled('+1 415 555 2671 '),
  'phone 0301234567': filled('phone 0301234567 '),
  dots: filled('.'),
  '1.1.1.1': filled('1.'),
  'a.b.c@': filled('a.b.c.'),
  'born 12 ': filled('born 12 March '),
  'dates with words': filled('born 1985-03-12, '),
  'base58 that fails': filled('1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3 '),
  'card words': filled('card number passport tax id '),
  parentheses: filled('((((1'),
  hexadecimal: filled('a3f5c9d2e1b4'),
}

const detector = createPersonalDetector()
const everything = createPersonalDetector({ alsoTypes: ['IP_ADDRESS', 'MAC_ADDRESS'] })
for (let round = 0; round < 20; round++) detector.scan(prompt.slice(0, 100_000))

const bestOf = (rounds: number, run: () => void): number => {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

const only = process.argv[2]
for (const [name, text] of Object.entries(texts)) {
  if (only !== undefined && !name.includes(only)) continue
  const milliseconds = bestOf(name.startsWith('coding') ? 60 : 4, () => detector.scan(text))
  const rate = text.length / 1000 / milliseconds
  console.log(
    `${name.padEnd(28)} ${milliseconds.toFixed(2).padStart(9)} ms ${rate.toFixed(1).padStart(8)} MB/s`,
  )
}
const slow = bestOf(10, () => everything.scan(prompt))
console.log(
  `${'with IP and MAC'.padEnd(28)} ${slow.toFixed(2).padStart(9)} ms ${(megabyte / 1000 / slow).toFixed(1).padStart(8)} MB/s`,
)
