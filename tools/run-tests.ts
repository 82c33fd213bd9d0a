/**
 * Runs the tests and ends with one line, `N passed, N failed, N skipped`. Without arguments all of them, folder by folder
 * in as many processes as there are cores, up to four. A run without a report is a failure: a test that ends the process
 * would look like success.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { readTestReport, type TestReport } from './test-report.ts'

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

/** @param output where its words go; absent: to the terminal at once */
const run = async (paths: readonly string[], folder: string, output?: string): Promise<TestReport> => {
  const report = join(folder, `${paths.length}${paths[0]?.replaceAll('/', '-')}.xml`)
  rmSync(report, { force: true })
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
  return readTestReport(existsSync(report) ? readFileSync(report, 'utf8') : '', { paths, code })
}

/** The longest words of one failure that are repeated at the end. */
const longestFailure = 2_000

/** With more files than these broken it is not chance that broke them. */
const mostAgain = 5

/**
 * Runs files that failed once more, one by one with nothing beside them: what waits for real time on a busy machine may
 * fail there and only there. What passes then counts as passed, and its first failure is told all the same.
 */
const runAgain = async (reports: readonly TestReport[], folder: string): Promise<readonly TestReport[]> => {
  const files = [...new Set(reports.flatMap(({ failures }) => failures.map(({ file }) => file)))]
  if (files.length === 0 || files.length > mostAgain) return reports
  const healed = new Set<string>()
  for (const file of files) {
    console.log(`\nonce more, alone: ${file}`)
    const { failed } = await run([file], folder)
    if (failed === 0) healed.add(file)
  }
  return reports.map((report) => {
    const failures = report.failures.filter(({ file }) => !healed.has(file))
    for (const { file, name, words } of report.failures)
      if (healed.has(file))
        console.log(`\nPASSED ONLY ALONE ${file}: ${name}\n${words.slice(0, longestFailure)}`)
    const now = report.failures.length - failures.length
    return { ...report, passed: report.passed + now, failed: report.failed - now, failures }
  })
}

/** The executable, for the tests that start `tgw` itself. */
const buildProgram = async (folder: string): Promise<string> => {
  const program = join(folder, 'tgw')
  const build = join(import.meta.dir, 'build.ts')
  const child = Bun.spawn([process.execPath, '--no-env-file', build, '--outfile', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if ((await child.exited) !== 0) throw new Error('the executable could not be built')
  return program
}

/** Files that are named at the end with the time they took. */
const slowestShown = 10

const folder = mkdtempSync(join(tmpdir(), 'tollgate-tests-'))
const given = process.argv.slice(2)
let reports: readonly TestReport[]
if (given.length > 0) reports = [await run(given, folder)]
else {
  process.env['TGW_TEST_PROGRAM'] = await buildProgram(folder)
  const first: TestReport[] = []
  const waiting = everything().map((paths, at) => ({ paths, output: join(folder, `${at}.log`) }))
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      first.push(await run(next.paths, folder, next.output))
      // Whole, so that lines of two processes do not mix.
      await Bun.write(Bun.stdout, readFileSync(next.output, 'utf8'))
    }
  }
  await Promise.all(Array.from({ length: Math.min(mostProcesses, availableParallelism()) }, work))
  reports = await runAgain(first, folder)
}
rmSync(folder, { recursive: true, force: true })
const slowest = reports.flatMap(({ files }) => files).sort((one, other) => other.seconds - one.seconds)
console.log(
  `\nslowest: ${slowest
    .slice(0, slowestShown)
    .map(({ file, seconds }) => `${file} ${Math.round(seconds)} s`)
    .join(', ')}`,
)
for (const { failures } of reports)
  for (const { file, name, words } of failures)
    console.log(`\nFAILED ${`${file}: ${name}\n${words}`.slice(0, longestFailure).trimEnd()}`)
const sum = (name: 'passed' | 'failed' | 'skipped'): number =>
  reports.reduce((total, report) => total + report[name], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') > 0 ? 1 : 0
