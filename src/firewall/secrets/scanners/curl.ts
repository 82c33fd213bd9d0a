import { isQuote, skipBackslashes } from '../assignment.ts'
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
  const opened = skipBackslashes(text, at)
  const quote = isQuote(text.charCodeAt(opened)) ? text.charCodeAt(opened) : 0
  const start = quote === 0 ? at : opened + 1
  const end = argumentEnd(text, start, quote)
  const colon = text.slice(start, end).indexOf(':')
  // "user":"password": two strings that the shell puts together.
  const joint = quote === 0 ? null : /^\\{0,3}["']:\\{0,3}["']/.exec(text.slice(end, end + 9))
  if (colon < 0 && joint === null) return
  const userEnd = joint === null ? start + colon : end
  const from = joint === null ? userEnd + 1 : end + joint[0].length
  const to = joint === null ? end : argumentEnd(text, from, quote)
  const user = text.slice(start, userEnd)
  const password = text.slice(from, to)
  // Blanks at an end: the quotes are a program's, around the parts of a command that it puts together.
  if (user.startsWith('$') || user !== user.trim() || password !== password.trim()) return
  const verdict = judgeUserAndPassword(`${user}:${password}`)
  if (verdict === 'none') return
  const differs = verdict === 'weak' ? { confidence: 0.3, isReportOnly: true } : {}
  if (to > from) report(from, to, differs)
  else report(start, userEnd, differs)
}

const longestArgument = 200

const argumentEnd = (text: string, from: number, quote: number): number => {
  let at = from
  for (; at < text.length && at - from < longestArgument; at++) {
    const code = text.charCodeAt(at)
    if (code === quote || code === 10 || code === 92) break
    if (quote === 0 && (code <= 32 || isQuote(code) || code === 60 || code === 62)) break
  }
  return at
}

const secretHeader = /^\\{0,3}(['"])(?:Authorization|[A-Za-z-]{0,30}(?:key|token|secret)):[ \t]{0,5}/i

/** `curl -H 'X-Api-Key: …'`: the value of a header that carries a credential. */
export const curlHeader: Scanner = (text, start, end, report) =>
  eachOption(text, start, end, (option, at) => {
    if (option !== '-H' && option !== '--header') return
    const head = secretHeader.exec(text.slice(at, at + 64))
    if (head !== null) readCredentials(text, at + head[0].length, true, report)
  })
