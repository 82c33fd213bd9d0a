/**
 * Runs the tests and ends with one line, `N passed, N failed, N skipped`. Without arguments all of them, folder by folder
 * in as many processes as there are cores, up to four. A run without a report is a failure: a test that ends the process
 * would look like success.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Run by their own commands (`test:heavy`, `test:clients`): they take minutes, and the second needs the network. */
const apart = ['heavy', 'clients']
/** What takes longest begins first, so that nobody waits for it at the end. */
const longest = ['./test/compatibility', './src/cli', './src/accounts', './src/ledger']
const mostProcesses = 4

const foldersIn = (root: string): readonly string[] =>
  readdirSync(root, { withFileTypes: true }).flatMap((item) =>
    item.isDirectory() ? [`./${root}/${item.name}`] : [],
  )

const testsIn = (root: string): readonly string[] =>
  readdirSync(root).flatMap((name) => (name.endsWith('.test.ts') ? [`./${root}/${name}`] : []))

/** Paths that one process runs, each. */
const everything = (): readonly (readonly string[])[] => {
  // Most of these start gateways, so they are the most of the work.
  const gateway = testsIn('test/gateway')
  const dealt = Array.from({ length: 10 }, (_, at) => gateway.filter((_, index) => index % 10 === at))
  const folders = [...foldersIn('test'), ...foldersIn('src')].filter(
    (path) => path !== './test/gateway' && !apart.some((name) => path === `./test/${name}`),
  )
  const rank = (path: string): number => (longest.includes(path) ? longest.indexOf(path) : longest.length)
  const ordered = folders.filter(hasTests).sort((one, other) => rank(one) - rank(other))
  return [...dealt, ...ordered.map((path) => [path]), [...testsIn('test'), ...testsIn('src')]].filter(
    (paths) => paths.length > 0,
  )
}

const hasTests = (folder: string): boolean =>
  readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.test.ts'))

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** Each that failed: its file, its name, and what was expected. */
  readonly failures: readonly string[]
}

/** @param output where its words go; absent: to the terminal at once */
const run = async (paths: readonly string[], folder: string, output?: string): Promise<Counts> => {
  const report = join(folder, `${paths.length}${paths[0]?.replaceAll('/', '-')}.xml`)
  const words = output === undefined ? 'inherit' : Bun.file(output)
  const child = Bun.spawn(
    [
      process.execPath,
      'test',
      '--reporter=junit',
      `--reporter-outfile=${report}`,
      '--timeout=60000',
      ...paths,
    ],
    // A proxy of the machine must not get between the tests and their servers.
    {
      stdio: ['ignore', words, words],
      env: {
        ...process.env,
        // Tests open more requests at once than a process may by default.
        BUN_CONFIG_MAX_HTTP_REQUESTS: '65336',
        NO_PROXY: '127.0.0.1,localhost,::1',
        no_proxy: '127.0.0.1,localhost,::1',
      },
    },
  )
  const code = await child.exited
  const text = existsSync(report) ? readFileSync(report, 'utf8') : ''
  const tests = count('tests', text)
  const skipped = count('skipped', text)
  const reported = count('failures', text) + count('errors', text)
  // A file that could not be loaded is in no report.
  const failed = reported > 0 ? reported : code === 0 && tests > 0 ? 0 : 1
  const failures = failuresOf(text)
  if (failed > failures.length) failures.push(`${paths.join(' ')}: ended with ${code}; see above`)
  return { passed: Math.max(0, tests - skipped - reported), failed, skipped, failures }
}

const count = (attribute: string, text: string): number =>
  Number(new RegExp(`<testsuites[^>]*\\b${attribute}="(\\d+)"`).exec(text)?.[1] ?? 0)

const failuresOf = (report: string): string[] => {
  const cases = report.matchAll(
    /<testcase name="([^"]*)"[^>]*\bfile="([^"]*)"[^>]*>\s*<failure\b[^>]*>([^<]*)/g,
  )
  return Array.from(cases, ([, name = '', file = '', words = '']) => unescaped(`${file}: ${name}\n${words}`))
}

const unescaped = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** The longest words of one failure that are repeated at the end. */
const longestFailure = 2_000

const folder = mkdtempSync(join(tmpdir(), 'tollgate-tests-'))
const given = process.argv.slice(2)
const results: Counts[] = []
if (given.length > 0) results.push(await run(given, folder))
else {
  const waiting = everything().map((paths, at) => ({ paths, output: join(folder, `${at}.log`) }))
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results.push(await run(next.paths, folder, next.output))
      // Whole, so that lines of two processes do not mix.
      await Bun.write(Bun.stdout, readFileSync(next.output, 'utf8'))
    }
  }
  await Promise.all(Array.from({ length: Math.min(mostProcesses, availableParallelism()) }, work))
}
rmSync(folder, { recursive: true, force: true })
for (const { failures } of results)
  for (const failure of failures) console.log(`\nFAILED ${failure.slice(0, longestFailure).trimEnd()}`)
const sum = (name: Exclude<keyof Counts, 'failures'>): number =>
  results.reduce((total, counts) => total + counts[name], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') > 0 ? 1 : 0
