import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { adversarialTexts } from '../../../bench/firewall-secrets.ts'
import { seededRandom, writeExample } from './examples.ts'
import { secretRules } from './rules/index.ts'
import { createSecretDetector, truncatedType } from './secret-detector.ts'
import { parseShape } from './shape.ts'

const detector = createSecretDetector()
const write = (template: string, seed = 11) => writeExample(template, seededRandom(seed))
const values = (text: string) => detector.scan(text).map(({ start, end }) => text.slice(start, end))

const anchors = [
  ...new Set(
    secretRules.flatMap((rule) =>
      'shapes' in rule
        ? rule.shapes.flatMap((shape) => parseShape(shape).anchors)
        : 'names' in rule
          ? rule.names
          : rule.anchors,
    ),
  ),
]

describe('what is found', () => {
  test('names its type, rule and confidence, and never holds the value', () => {
    const { text } = write('GITHUB_TOKEN={make:ghp}')
    const [finding, ...others] = detector.scan(text)
    expect(others).toEqual([])
    expect(finding).toEqual({
      detector: 'secrets',
      type: 'GITHUB_TOKEN',
      rule: 'github-token',
      start: 13,
      end: 53,
      confidence: 0.99,
    })
    expect(JSON.stringify(finding)).not.toContain(text.slice(20, 40))
  })

  test('a token whose checksum does not hold is only told of', () => {
    const { text } = write('ghp_{alnum:36} npm_{alnum:36}')
    expect(detector.scan(text).map(({ isReportOnly, confidence }) => [isReportOnly, confidence])).toEqual([
      [true, 0.3],
      [true, 0.3],
    ])
  })

  test('of two rules that know the same value, the surer one speaks', () => {
    const { text, secrets } = write('https://bot:«{make:ghp}»@github.com/o/r.git')
    expect(detector.scan(text)).toMatchObject([{ rule: 'github-token', ...secrets[0] }])
  })

  test('a key file is found whole and once, whatever stands in it', () => {
    const { text, secrets } = write(
      '«-----BEGIN PRIVATE KEY-----\n{make:pem}\nAKIA{base32:16}\n{make:pem}\n-----END PRIVATE KEY-----»',
    )
    expect(detector.scan(text)).toMatchObject([{ rule: 'pem-private-key', ...secrets[0] }])
  })

  test('a key of many lines has no limit of length', () => {
    const { text, secrets } = write(
      `«-----BEGIN RSA PRIVATE KEY-----\n${'{make:pem}\n'.repeat(400)}-----END RSA PRIVATE KEY-----»`,
    )
    expect(detector.scan(text)).toMatchObject([{ ...secrets[0] }])
  })

  test('several in one text are in order and apart', () => {
    const { text, secrets } = write('a=«{make:ghp}»\nb=«sk-or-v1-{lowerhex:64}» c=«hf_{letter:34}»')
    expect(detector.scan(text).map(({ start, end }) => ({ start, end }))).toEqual([...secrets])
  })
})

describe('what only looks like a secret', () => {
  test('short prefixes inside a long run of base64', () => {
    const { text } = write(
      '{"data":"iVBORw0KGgo{base64:200}8/EZAK{alnum:54}/{base64:90}+AKIA{base32:16}+{base64:60}"}',
    )
    expect(values(text)).toEqual([])
  })

  test('digests, ids and versions', () => {
    const { text } = write(
      'integrity: sha512-{base64:86}== commit {lowerhex:40} image@sha256:{lowerhex:64} v1.2.3-{lowerhex:7} ' +
        'id={lowerhex:8}-{lowerhex:4}-{lowerhex:4}-{lowerhex:4}-{lowerhex:12} etag: "{lowerhex:32}" toolu_01{alnum:22} ' +
        'call_{alnum:24} resp_{lowerhex:50} msg_01{alnum:22} chatcmpl-{alnum:29} req_011{alnum:21}',
    )
    expect(values(text)).toEqual([])
  })

  test('expressions of programs', () => {
    const text = [
      'const token = await getToken(user.id, 42)',
      'password: z.string().min(8)',
      'apiKey: process.env.OPENAI_API_KEY,',
      'api_key=os.environ["MISTRAL_API_KEY"]',
      'headers: { Authorization: `Bearer {token}` }',
      'Authorization: Bearer <your token>',
      'curl -H "Authorization: Bearer $TOKEN" https://api.acme.dev/v1/users',
      'DATABASE_URL=postgres://postgres:postgres@localhost:5432/postgres',
      'secret_access_key = aws_iam_access_key.deploy.secret',
      'expect(maskKey("sk-ant-...wxyz")).toBe(true)',
    ].join('\n')
    expect(detector.scan(text).filter((one) => one.isReportOnly !== true)).toEqual([])
  })
})

describe('generic assignments', () => {
  const secret = '{make:password}{make:password}'

  test('in code are only told of', () => {
    const { text } = write(`const config = {\n  host: 'x',\n  password: '${secret}',\n}\n`)
    expect(detector.scan(text)).toMatchObject([{ rule: 'generic-assignment', isReportOnly: true }])
  })

  test('in a settings file count when the value is as mixed as random ones', () => {
    const { text } = write(`HOST=db.acme.dev\nDB_PASSWORD=${secret}\nPORT=5432\n`)
    const [finding] = detector.scan(text)
    expect(finding).toMatchObject({ rule: 'generic-assignment', confidence: 0.6 })
    expect(finding?.isReportOnly).toBeUndefined()
  })

  test('in a settings file that holds a reference or a default are none', () => {
    expect(
      values('HOST=db\nDB_PASSWORD=$SECRET_FROM_VAULT\nDB_TOKEN=changeme123\nAPI_SECRET=<your-secret>\n'),
    ).toEqual([])
  })
})

describe('budgets', () => {
  test('a text with more findings than a rule may have ends in a report of the rest', () => {
    const few = createSecretDetector({ mostPerRule: 3 })
    const { text } = write('hf_{letter:34}\n'.repeat(9))
    const found = few.scan(text)
    expect(found.map(({ type }) => type)).toEqual([...Array(4).fill('HUGGINGFACE_TOKEN'), truncatedType])
    expect(found.at(-1)).toMatchObject({ end: text.length, confidence: 1, isReportOnly: true })
    expect(found.at(-1)?.start).toBe(found.at(-2)?.end ?? -1)
  })

  test('as does one that takes more work than allowed', () => {
    const lazy = createSecretDetector({ mostWork: 0 })
    const text = 'curl -u a: '.repeat(40_000)
    expect(lazy.scan(text).at(-1)).toMatchObject({ type: truncatedType, end: text.length })
  })
})

describe('work', () => {
  let read = 0
  const counting = createSecretDetector({
    onWork: (characters) => {
      read = characters
    },
  })
  const work = (text: string): number => {
    counting.scan(text)
    return read
  }

  test.each(Object.entries(adversarialTexts(100_000)))('is linear on %s', (_name, text) => {
    expect(work(text)).toBeLessThan(text.length * 64)
    expect(work(text)).toBeLessThan(2 * work(text.slice(0, text.length / 2)) + 20_000)
    expect(detector.scan(text).some(({ type }) => type === truncatedType)).toBe(false)
  })

  test('is linear on every anchor, repeated alone and with what its matcher goes on reading', () => {
    for (const anchor of anchors) {
      for (const rest of ['', '\n', '-', '="', ': A0-']) {
        const text = (anchor + rest).repeat(Math.ceil(6000 / (anchor.length + rest.length)))
        expect([anchor, rest, work(text) < text.length * 64]).toEqual([anchor, rest, true])
      }
    }
  }, 60_000)
})

describe('any text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...anchors,
      '\n',
      ' ',
      '"',
      "'",
      '=',
      ': ',
      '://',
      '@',
      '\\n',
      '密钥',
      'data:\n  a: ',
      'curl -u ',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.stringMatching(/^[A-Za-z0-9+/_-]{0,80}$/),
  )
  const texts = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))

  test('gives findings in order, apart, inside the text, and the same each time', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const found = detector.scan(text)
        let last = 0
        for (const { start, end } of found) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(text.length)
          last = end
        }
        expect(detector.scan(text)).toEqual([...found])
      }),
      { numRuns: 1500 },
    )
  })

  test('does not hide a token that stands on a line of its own', () => {
    fc.assert(
      fc.property(texts, texts, fc.integer(), (before, after, seed) => {
        const { text: token } = write('{make:ghp}', seed)
        const text = `${before}\n\n${token}\n\n${after}`
        const start = before.length + 2
        const covering = detector
          .scan(text)
          .filter((one) => one.start <= start && one.end >= start + token.length)
        expect(covering.filter((one) => one.isReportOnly !== true).length).toBe(1)
      }),
      { numRuns: 500 },
    )
  })
})
