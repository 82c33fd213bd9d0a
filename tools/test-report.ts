export interface TestReport {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly failures: readonly TestFailure[]
  readonly files: readonly { readonly file: string; readonly seconds: number }[]
}

export interface TestFailure {
  readonly file: string
  readonly name: string
  /** What was expected. */
  readonly words: string
}

/**
 * Reads the JUnit report of one process of `bun test`.
 * @param text empty: it left none
 * @param of what it was to run, and the code that it ended with
 */
export const readTestReport = (
  text: string,
  of: { readonly paths: readonly string[]; readonly code: number },
): TestReport => {
  const tests = count('tests', text)
  const skipped = count('skipped', text)
  const reported = count('failures', text) + count('errors', text)
  // A file that could not be loaded is in no report.
  const failed = reported > 0 ? reported : of.code === 0 && tests > 0 ? 0 : 1
  const failures = failuresOf(text)
  if (failed > failures.length) {
    const words = `ended with ${of.code}; see above`
    const missing = { file: of.paths.join(' '), name: 'not every failure is in its report', words }
    failures.push(...Array.from({ length: failed - failures.length }, () => missing))
  }
  return { passed: Math.max(0, tests - skipped - reported), failed, skipped, failures, files: filesOf(text) }
}

const count = (attribute: string, text: string): number =>
  Number(new RegExp(`<testsuites[^>]*\\b${attribute}="(\\d+)"`).exec(text)?.[1] ?? 0)

const failuresOf = (report: string): TestFailure[] => {
  const cases = report.matchAll(
    /<testcase name="([^"]*)"[^>]*\bfile="([^"]*)"[^>]*>\s*<failure\b[^>]*>([^<]*)/g,
  )
  return Array.from(cases, ([, name = '', file = '', words = '']) => ({
    file,
    name: unescaped(name),
    words: unescaped(words),
  }))
}

/** The outermost suites are the files. */
const filesOf = (report: string): TestReport['files'] =>
  Array.from(report.matchAll(/^ {2}<testsuite [^>]*\bfile="([^"]*)"[^>]*\btime="([\d.]+)"/gm), (found) => ({
    file: found[1] ?? '',
    seconds: Number(found[2]),
  }))

const unescaped = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
