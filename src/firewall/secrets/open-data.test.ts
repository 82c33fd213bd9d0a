import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { announceSkip, sharedFolder } from '../../../test/support/shared.ts'
import type { Finding } from '../finding.ts'
import { seededRandom } from './examples.ts'
import { createSecretDetector } from './secret-detector.ts'

const shared = sharedFolder()
if (shared === undefined) announceSkip('secrets against open data', 'the folder with shared data is absent')

const detector = createSecretDetector()

interface Row {
  readonly id: string
  readonly kind: string
  readonly rule: string
  readonly case: string
  readonly text: string
  /** Where secretlint found something. */
  readonly expected: readonly (readonly [number, number])[]
}

const readRows = (path: string): readonly Row[] =>
  new TextDecoder()
    .decode(Bun.gunzipSync(readFileSync(join(shared ?? '', path))))
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
    .map((row) => {
      const field = (name: string): unknown =>
        typeof row === 'object' && row !== null ? Reflect.get(row, name) : ''
      const text = (name: string): string => (typeof field(name) === 'string' ? String(field(name)) : '')
      const expected = field('expected')
      return {
        id: text('id'),
        kind: text('kind'),
        rule: text('rule'),
        case: text('case'),
        text: text('text'),
        expected: Array.isArray(expected)
          ? expected.map((one) => [Number(one[1]?.[0]), Number(one[1]?.[1])] as const)
          : [],
      }
    })

const blocking = (text: string): readonly Finding[] =>
  detector.scan(text).filter((one) => one.isReportOnly !== true)
const covers = (found: readonly Finding[], start: number, end: number): boolean =>
  found.some((one) => one.start < end && one.end > start)

/** gitleaks' true positives that are not found so that they would be hidden, and why. */
const withoutSecret: Readonly<Record<string, string>> = {
  'gcp-service-account': 'the marker `"type": "service_account"` alone: the key beside it is what is secret',
}
const onlyToldOf = ["curl -H 'Authorization: Basic YnJvd3Nlcjo=' \\"]

/** secretlint's rules for what is no vendor's secret, or no text. */
const outOfScope: Readonly<Record<string, string>> = {
  example: 'a rule to copy from',
  'filter-comments': 'comments that switch rules off',
  'no-homedir': 'paths',
  pattern: "expressions of secretlint's own users",
}
const binary = /^ng\.privatekey-p12/

/** Passwords that everybody uses, or for hosts of documentation: told of, never changed. */
const weakExamples = [
  'ftp://user:pass@example.com',
  'https://user:pass@example.com',
  'https://user:secret123@api.example.com',
  'https://backup-user:BackupK3y987@backup.example.com',
  'mysql://testuser:secretKey123@db.example.com:3306/testdb',
  'mysql://apiuser:passW0rd!@internal.db.com:3306/api',
  'mysql://devuser:mySecret2024@localhost:3306/dev_db',
  'postgresql://pguser:secur3Pass@postgres.example.com:5432/production_db";',
]

/** What secretlint uses for a key is an alphabet or a word: the same shape with random characters is found. */
const redraw = (value: string, random: () => number): string => {
  const prefix = /^(?:tskey-\w+-|[a-z]+_(?:(?:pat|api)_)?)/.exec(value)?.[0] ?? ''
  const draw = (set: string): string => set.charAt(Math.floor(random() * set.length))
  const body = value
    .slice(prefix.length)
    .replace(/[a-z]/g, () => draw('abcdefghijklmnopqrstuvwxyz'))
    .replace(/[A-Z]/g, () => draw('ABCDEFGHIJKLMNOPQRSTUVWXYZ'))
    .replace(/\d/g, () => draw('0123456789'))
  return prefix + body
}

describe.skipIf(shared === undefined)('open data', () => {
  test("gitleaks' true positives are found", () => {
    const missed = readRows('data/dlp/open.jsonl.gz')
      .filter(({ kind }) => kind === 'secret_tp')
      .filter(({ rule, text }) => withoutSecret[rule] === undefined && !onlyToldOf.includes(text))
      .filter(({ text }) => blocking(text).length === 0)
    expect(missed.map(({ rule, text }) => `${rule}: ${text}`)).toEqual([])
    for (const text of onlyToldOf) expect(detector.scan(text)).toMatchObject([{ isReportOnly: true }])
  })

  test("secretlint's shapes are found, those of examples with random characters in them", () => {
    const random = seededRandom(5)
    const rows = readRows('data/dlp/open.jsonl.gz').filter(
      ({ kind, rule }) => kind === 'secret' && outOfScope[rule] === undefined,
    )
    const missed: string[] = []
    const redrawn: string[] = []
    for (const row of rows) {
      if (binary.test(row.case)) continue
      for (const [start, end] of row.expected) {
        const value = row.text.slice(start, end)
        if (covers(blocking(row.text), start, end)) continue
        if (weakExamples.includes(value)) expect(covers(detector.scan(row.text), start, end)).toBe(true)
        else if (blocking(redraw(value, random)).length === 1) redrawn.push(row.rule)
        else missed.push(`${row.rule}: ${value}`)
      }
    }
    expect(missed).toEqual([])
    expect([...new Set(redrawn)].sort()).toEqual([
      'docker',
      'huggingface',
      'linear',
      'notion',
      'tailscale',
      'vercel',
    ])
  })

  test("secretlint's counterexamples are left alone", () => {
    const wrong = readRows('data/dlp/open.jsonl.gz')
      .filter((row) => row.kind === 'secret' && row.case.startsWith('ok.'))
      .filter(({ text }) => blocking(text).length > 0)
    expect(wrong.map(({ rule, text }) => `${rule}: ${text}`)).toEqual([])
  })

  test("gitleaks' false positives are left alone", () => {
    const wrong = readRows('data/dlp/open.jsonl.gz')
      .filter(({ kind }) => kind === 'secret_fp')
      // An API key where gitleaks looks for an admin key: no admin key, but a key.
      .filter(({ rule, text }) => !(rule === 'anthropic-admin-api-key' && text.startsWith('sk-ant-api03-')))
      .filter(({ text }) => blocking(text).length > 0)
    expect(wrong.map(({ rule, text }) => `${rule}: ${text}`)).toEqual([])
  })

  test('real source files hold next to nothing that would be changed', () => {
    let bytes = 0
    const found: string[] = []
    for (const { id, text } of readRows('data/waf/benign-code_files.jsonl.gz')) {
      bytes += Buffer.byteLength(text)
      for (const { rule } of blocking(text)) found.push(`${id} ${rule}`)
    }
    console.log(`secrets in benign code: ${found.length} findings in ${(bytes / 1e6).toFixed(1)} MB`, found)
    expect(found.length).toBeLessThanOrEqual(bytes / 1e6)
  })

  test('recorded requests of agents hold nothing that would be changed', () => {
    const found: string[] = []
    let leaves = 0
    const walk = (value: unknown, file: string): void => {
      if (typeof value === 'string') {
        leaves += 1
        for (const { rule } of blocking(value)) found.push(`${file}: ${rule}`)
      } else if (typeof value === 'object' && value !== null)
        for (const one of Object.values(value)) walk(one, file)
    }
    const folder = join(shared ?? '', 'recordings')
    for (const file of readdirSync(folder)) {
      if (file.endsWith('.json')) walk(JSON.parse(readFileSync(join(folder, file), 'utf8')), file)
    }
    expect(leaves).toBeGreaterThan(1000)
    expect(found).toEqual([])
  }, 60_000)
})
