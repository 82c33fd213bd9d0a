/**
 * How fast comments are taken out of code, by language, and how many tokens that saves: on Go's library, Python's
 * library, and the dependencies of this project, as far as they are on the machine.
 *
 *   bun bench/compress.ts [--files N] [--rounds N] [--tokens]
 */
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { compressCode, type LanguageId, languageOf, withoutRemovals } from '../src/compress/index.ts'
import { filesBelow, samplesOf, spread } from '../test/heavy/compress/corpus.ts'

interface Corpus {
  readonly name: string
  readonly tag: LanguageId
  readonly files: readonly string[]
}

export interface CompressRow {
  readonly name: string
  readonly files: number
  readonly megabytes: number
  /** UTF-16 units of one byte each; each file in its quickest round, which a busy machine blurs least. */
  readonly megabytesPerSecond: number
  /** Tokens of `o200k`; undefined where nobody asked for them. */
  readonly tokens: Savings | undefined
}

interface Savings {
  readonly before: number
  readonly comments: number
  readonly dedented: number
  /** Per cent that the file in the middle saves by comments. */
  readonly median: number
}

/** What there is of other people's code. */
const corpora = (files: number): readonly Corpus[] => {
  const modules = realpathSync(join(import.meta.dir, '../node_modules'))
  const go = run(['go', 'env', 'GOROOT'])
  const [library, packages] = run([
    'python3',
    '-c',
    'import sysconfig as s; print(s.get_path("stdlib")); print(s.get_path("purelib"))',
  ])?.split('\n') ?? ['', '']
  const own = (name: string, tag: LanguageId, folder: string | undefined, ending: RegExp, skip?: RegExp) =>
    folder === undefined || folder === ''
      ? []
      : [{ name, tag, files: spread(filesBelow(folder, ending, skip), files) }]
  return [
    ...own('Go, its library', 'go', go && join(go, 'src'), /\.go$/),
    ...own('Python, its library', 'python', library, /\.py$/, /site-packages|\/test\//),
    ...own('Python, packages', 'python', packages, /\.py$/),
    ...own('JavaScript, dependencies', 'javascript', modules, /\.[cm]?js$/),
    ...own('TypeScript, dependencies', 'typescript', modules, /(?<!\.d)\.[cm]?ts$/),
    ...own('TypeScript, declarations', 'typescript', modules, /\.d\.[cm]?ts$/),
  ].filter((corpus) => corpus.files.length > 0)
}

const run = (command: readonly string[]): string | undefined => {
  try {
    const { success, stdout } = Bun.spawnSync([...command], { stderr: 'ignore' })
    return success ? stdout.toString().trim() : undefined
  } catch {
    return undefined
  }
}

const measure = ({ name, tag, files }: Corpus, rounds: number, countsTokens: boolean): CompressRow => {
  const language = languageOf(tag)
  if (language === undefined) throw new Error(`no language ${tag}`)
  const samples = samplesOf(files, tag)
  const characters = samples.reduce((sum, { before }) => sum + before.length, 0)
  // Files take fractions of a millisecond: of several rounds, one is seldom interrupted.
  const best = samples.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round++) {
    samples.forEach(({ before }, index) => {
      const start = performance.now()
      compressCode(before, language, { dedent: false })
      best[index] = Math.min(best[index] ?? 0, performance.now() - start)
    })
  }
  const spent = best.reduce((sum, time) => sum + time, 0)
  return {
    name,
    files: samples.length,
    megabytes: characters / 1e6,
    megabytesPerSecond: characters / 1e3 / spent,
    tokens: countsTokens
      ? savings(
          samples.map(({ before, after }) => ({
            before,
            after,
            dedented: withoutRemovals(before, compressCode(before, language, { dedent: true })),
          })),
        )
      : undefined,
  }
}

const savings = (
  samples: readonly { readonly before: string; readonly after: string; readonly dedented: string }[],
): Savings => {
  const tokensOf = (text: string): number => countTokens(text, { disallowedSpecial: new Set() })
  let before = 0
  let comments = 0
  let dedented = 0
  const shares: number[] = []
  for (const sample of samples) {
    // Tokenizers take quadratic time in what they cannot split, and minified code tells nothing of people's.
    if (sample.before.length > 200_000 || /\S{2000}/.test(sample.before)) continue
    const all = tokensOf(sample.before)
    const less = tokensOf(sample.after)
    before += all
    comments += less
    dedented += tokensOf(sample.dedented)
    if (all > 0) shares.push(100 * (1 - less / all))
  }
  shares.sort((a, b) => a - b)
  return { before, comments, dedented, median: shares[Math.floor(shares.length / 2)] ?? 0 }
}

/** Rows of a table, one for each corpus that is there. */
export const benchCompress = (files: number, rounds: number, countsTokens: boolean): readonly CompressRow[] =>
  corpora(files).map((corpus) => measure(corpus, rounds, countsTokens))

const share = (part: number, whole: number): string => `${(100 * (1 - part / whole)).toFixed(1)} %`

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      files: { type: 'string', default: '2400' },
      rounds: { type: 'string', default: '5' },
      tokens: { type: 'boolean', default: false },
    },
  })
  console.log('| code | files | MB | MB/s | tokens | comments | file in the middle | + de-indented |')
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
  for (const row of benchCompress(Number(values.files), Number(values.rounds), values.tokens)) {
    const { tokens } = row
    const cells =
      tokens === undefined
        ? ['', '', '', '']
        : [
            `${(tokens.before / 1e6).toFixed(2)} M`,
            share(tokens.comments, tokens.before),
            `${tokens.median.toFixed(1)} %`,
            share(tokens.dedented, tokens.before),
          ]
    console.log(
      `| ${[row.name, row.files, row.megabytes.toFixed(1), row.megabytesPerSecond.toFixed(0), ...cells].join(' | ')} |`,
    )
  }
}
