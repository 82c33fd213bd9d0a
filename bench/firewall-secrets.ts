/**
 * How fast secrets are looked for: in 1 MB of a realistic coding prompt, in a prompt of 32 KB, and in texts that were
 * made to slow matchers down.
 *
 *   bun bench/firewall-secrets.ts [--seconds N]
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createSecretDetector } from '../src/firewall/index.ts'
import { percentile } from './load.ts'

export interface SecretsRow {
  readonly name: string
  readonly megabytesPerSecond: number
  /** Of one scan, in milliseconds. */
  readonly median: number
  /** The fastest scan: what a busy machine does not blur. */
  readonly best: number
  /** Characters that matchers read for each character of the text. */
  readonly work: number
  readonly findings: number
}

/** Texts whose every few characters look like the beginning of a secret. */
export const adversarialTexts = (length: number): Readonly<Record<string, string>> => {
  const repeat = (piece: string): string => piece.repeat(Math.ceil(length / piece.length)).slice(0, length)
  return {
    'a…': repeat('a'),
    digits: repeat('0123456789'),
    token_token_: repeat('token_'),
    'key.-': repeat('key.-'),
    'key=': repeat('key='),
    'password=password=': repeat('password='),
    'api_key: "': repeat('api_key: "'),
    'curl -H "Authorization: ': repeat('curl -H "Authorization: '),
    'curl -u a:': repeat('curl -u a:'),
    'data:\\n kind: secret': repeat('data:\n kind: secret\n'),
    'eyJ.eyJ.': repeat('eyJhbGciOiJIUzI1NiJ9.'),
    'sk-ant-': repeat('sk-ant-api03-'),
    glc_: repeat('-glc_'),
    'AKIA…': repeat('AKIAIOSFODNN7QZXWCVB '),
    '-----BEGIN': repeat('-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA'),
    'https://': repeat('https://a:b'),
    'postgres://u:p{': repeat(`postgres://u:p${'{'.repeat(400)}@h `),
    'curl -u "': repeat('curl -u "a:b -u "'),
    'machine login': repeat('machine a login b password '),
  }
}

/** About so many characters of what an agent sends: source files, each under its path, between a few sentences. */
export const codingPrompt = (length: number): string => {
  const root = join(import.meta.dir, '../src')
  let text = ''
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!path.endsWith('.ts')) continue
    if (text.length >= length) break
    text += `Please read ${path} and tell me what it does.\n\n\`\`\`ts\n${readFileSync(join(root, path), 'utf8')}\`\`\`\n\n`
  }
  return text.slice(0, length)
}

/** Measures and prints. @param duration milliseconds for each row */
export const benchSecrets = (duration: number): readonly SecretsRow[] => {
  let work = 0
  const detector = createSecretDetector({
    onWork: (characters) => {
      work = characters
    },
  })
  const measure = (name: string, text: string): SecretsRow => {
    const times: number[] = []
    let findings = 0
    for (const end = performance.now() + duration; times.length < 5 || performance.now() < end; ) {
      const start = performance.now()
      findings = detector.scan(text).length
      times.push(performance.now() - start)
    }
    const median = percentile(
      times.toSorted((one, other) => one - other),
      0.5,
    )
    const best = Math.min(...times)
    const row = {
      name,
      median,
      best,
      megabytesPerSecond: text.length / 1000 / median,
      work: work / text.length,
      findings,
    }
    console.log(
      `${name.padEnd(28)} ${row.megabytesPerSecond.toFixed(1).padStart(8)} MB/s  ${median.toFixed(3).padStart(9)} ms  best ${best.toFixed(3).padStart(8)} ms  work ${row.work.toFixed(2).padStart(6)}  findings ${findings}`,
    )
    return row
  }
  const prompt = codingPrompt(1_000_000)
  return [
    measure('coding prompt, 1 MB', prompt),
    measure('coding prompt, 32 KB', prompt.slice(400_000, 432_768)),
    ...Object.entries(adversarialTexts(1_000_000)).map(([name, text]) => measure(name, text)),
  ]
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '0.5' } } })
  benchSecrets(Number(values.seconds) * 1000)
}
