import type { Report, Scanner } from '../rule.ts'
import { judgeUserAndPassword, readCredentials } from './authorization.ts'

const longestCommand = 4096

/** Calls `visit` with where the argument of each option of a curl command begins; returns where the command ends. */
const eachOption = (
  text: string,
  start: number,
  end: number,
  visit: (option: string, at: number) => void,
): number => {
  const limit = Math.min(text.length, end + longestCommand)
  let at = end
  for (; at < limit; at++) {
    const code = text.charCodeAt(at)
    // A line break ends the command, unless a backslash, a caret or a backtick carries it on.
    if (code === 10 && !carries(text, at)) return at
    if (code !== 45 || text.charCodeAt(at - 1) > 32) continue
    const option = /^--?[A-Za-z-]{1,20}/.exec(text.slice(at, at + 22))?.[0]
    if (option === undefined) continue
    let value = at + option.length
    while (value - at < 32 && (text[value] === ' ' || text[value] === '=' || text[value] === '\t')) value++
    visit(option, value)
  }
  return Math.max(at, start)
}

const carries = (text: string, at: number): boolean => {
  const before = text[at - 1] === '\r' ? text[at - 2] : text[at - 1]
  return before === '\\' || before === '^' || before === '`'
}

/** `curl -u user:password`: the part after the colon, or the user where that stands alone as a token (`-u token:`). */
export const curlUser: Scanner = (text, start, end, report) =>
  eachOption(text, start, end, (option, at) => {
    if (option === '-u' || option === '--user' || option === '--proxy-user' || option === '-U')
      readUser(text, at, report)
  })

const readUser = (text: string, at: number, report: Report): void => {
  const argument =
    /^(?:"([^"\n]{3,200})":"([^"\n]{3,200})"|"([^"\n]{3,200})"|'([^'\n]{3,200})'|([^\s"'<>]{3,200}))/.exec(
      text.slice(at, at + 420),
    )
  if (argument === null) return
  const [whole, , quoted] = argument
  const plain = argument[3] ?? argument[4] ?? argument[5] ?? ''
  const isSplit = quoted !== undefined
  const content = isSplit ? whole.replaceAll('"', '') : plain
  const verdict = content.startsWith('$') ? 'none' : judgeUserAndPassword(content)
  if (verdict === 'none') return
  const colon = content.indexOf(':')
  const offset = isSplit ? whole.length - 1 - quoted.length : whole.indexOf(plain)
  const from = isSplit ? at + offset : colon + 1 < plain.length ? at + offset + colon + 1 : at + offset
  const to = isSplit
    ? from + quoted.length
    : colon + 1 < plain.length
      ? at + offset + plain.length
      : at + offset + colon
  report(from, to, verdict === 'weak' ? { confidence: 0.3, isReportOnly: true } : {})
}

const secretHeader = /^(['"])(?:Authorization|[A-Za-z-]{0,30}(?:key|token|secret)):[ \t]{0,5}/i

/** `curl -H 'X-Api-Key: …'`: the value of a header that carries a credential. */
export const curlHeader: Scanner = (text, start, end, report) =>
  eachOption(text, start, end, (option, at) => {
    if (option !== '-H' && option !== '--header') return
    const head = secretHeader.exec(text.slice(at, at + 64))
    if (head !== null) readCredentials(text, at + head[0].length, true, report)
  })
