import { assignmentAround } from '../assignment.ts'
import { classBit, isIn } from '../character-classes.ts'
import { entropy } from '../entropy.ts'
import { isReference, isWeakPassword, kindsOf } from '../placeholders.ts'
import type { Scanner } from '../rule.ts'

/** Parts of names that hold such a word but no secret: `tokenizer`, `max_tokens`, `public_key`, `keyboard`. */
const harmless =
  /tokeni[sz]|tokens$|token_?(?:type|count|limit|name|url|uri|endpoint|id|file|path|length|usage|budget)|public|pub_?key|keyboard|key_?(?:name|id|file|path|size|length|code|type|word|store|ring|map|press|down|up)s?$|csrf|xsrf|passwd_?file|password_?(?:file|hash|field|policy|length|min|max|reset|confirm|strength)|secret_?(?:name|file|path|id|ref|key_?ref|arn|version)|credentials?_?(?:id|file|path|type|provider)|primary|foreign|sort|cache_?key|idempotency|partition|row_?key|object_?key|bucket|i18n|translation|integrity|checksum|sha\d|commit|nonce|placeholder|label|title|message|error|hint|description|regex|pattern|format|schema|class|test|mock|example|sample/i

const secretName =
  /(?:passw(?:or)?d|passphrase|passcode|secret|credential|(?:api|access|auth|private|signing|encryption|master|service|account|storage|license|client|secret|session|app|application|admin|deploy|webhook|shared)[._-]?key|token|pwd)/i

/**
 * A value that an assignment calls a password, secret, token or key. Only told of, unless the text around it is a
 * settings file (`.env`, INI, YAML) and the value is as mixed as random ones are.
 */
export const genericAssignment: Scanner = (text, start, end, report) => {
  const assignment = assignmentAround(text, start, end)
  if (typeof assignment === 'number') return assignment
  if (assignment.operator === '>' || assignment.operator === ' ') return end
  const { name, nameStart, valueStart, quote } = assignment
  let stop = valueStart
  const limit = Math.min(text.length, valueStart + longest)
  while (stop < limit && !endsHere(text, stop, quote)) stop++
  const value = text.slice(valueStart, stop)
  const next = text.charCodeAt(stop)
  // What is this long and goes on is no value, and nothing in it is one.
  if (stop - valueStart === longest) return stop
  if (value.length < 8 || !hasDigitAndLetter(value) || (quote !== 0 && next !== quote && next !== backslash))
    return end
  if (!secretName.test(name) || harmless.test(name) || entropy(value) < 3) return end
  if (isReference(value) || isWeakPassword(value) || isCode(value, quote)) return end
  const isSettings = entropy(value) >= 4 && isMixed(value) && isSettingsLine(text, nameStart, stop, quote)
  report(valueStart, stop, isSettings ? { confidence: 0.6, isReportOnly: false } : undefined)
  return stop
}

const backslash = 92
const longest = 160

const endsHere = (text: string, at: number, quote: number): boolean => {
  const code = text.charCodeAt(at)
  if (code === backslash) return escaped.has(text.charCodeAt(at + 1))
  return code === quote || code === 10 || code === 13 || (quote === 0 && (code <= 32 || bareEnds.has(code)))
}

/** What follows a backslash that belongs to the text around a value: another, a quote, a line break. */
const escaped: ReadonlySet<number> = new Set([...'\\"\'nrt'].map((sign) => sign.charCodeAt(0)))

/** What ends a value without quotes. */
const bareEnds: ReadonlySet<number> = new Set([...',;"\')<>`&'].map((sign) => sign.charCodeAt(0)))

/** An expression, a path, an address, a type: not a literal value. */
const isCode = (value: string, quote: number): boolean =>
  /^[a-z][\w+.-]{0,20}:\/\//i.test(value) ||
  /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)/.test(value) ||
  /\s/.test(value) ||
  (quote === 0 && /^[!&*?]|[(){}[\]<>|]/.test(value)) ||
  (quote === 0 && /^[A-Za-z_$][\w$]*(?:[.:][\w$]+)*$/.test(value) && !/\d/.test(value)) ||
  (quote === 0 && /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$/.test(value)) ||
  /^[A-Za-z_]+(?:[-_.][A-Za-z_]+)+$/.test(value) ||
  /^[A-Z][A-Z0-9_]+$/.test(value)

/** At least a digit beside letters: not just words. */
const hasDigitAndLetter = (value: string): boolean => {
  let kinds = 0
  for (let at = 0; at < value.length && kinds !== 3; at++) {
    const code = value.charCodeAt(at)
    if (isIn(code, digitBit)) kinds |= 1
    else if (isIn(code, letterBit)) kinds |= 2
  }
  return kinds === 3
}

const digitBit = classBit('digit')
const letterBit = classBit('letter')

const isMixed = (value: string): boolean =>
  kindsOf(value) >= 3 && !/^[a-z0-9]+(?:[._-][a-z0-9]+){2,}$/.test(value)

/** A line of a settings file: the assignment alone on its line, and the lines around it of the same kind. */
const isSettingsLine = (text: string, nameStart: number, stop: number, quote: number): boolean => {
  // Looks no further than a settings file's line reaches: a text may be one long line.
  const head = text.slice(Math.max(0, nameStart - 40), nameStart)
  const tail = text.slice(stop, stop + 4)
  const newline = tail.indexOf('\n')
  if ((head.length === 40 && !head.includes('\n')) || (newline < 0 && stop + 3 < text.length)) return false
  const lineStart = nameStart - head.length + head.lastIndexOf('\n') + 1
  const lineEnd = newline < 0 ? text.length : stop + newline
  const line = text.slice(lineStart, lineEnd).replace(/\r$/, '')
  if (!settingsLine.test(line) || (quote !== 0 && !/["'`]$/.test(line))) return false
  const before = text
    .slice(Math.max(0, lineStart - 400), Math.max(0, lineStart - 1))
    .split('\n')
    .slice(-3)
  const after = text
    .slice(lineEnd + 1, lineEnd + 401)
    .split('\n')
    .slice(0, 3)
  const around = [...before, ...after]
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith('```'))
  const alike = around.filter(
    (one) => settingsLine.test(one) || /^(?:[#;]|\[[\w. -]+\]$|[\w.-]+:$)/.test(one),
  ).length
  return alike * 3 >= around.length * 2 && (alike > 0 || /^(?:export )?[A-Z][A-Z0-9_]*=/.test(line))
}

/** `NAME=value`, `export NAME=value`, `name: value`, `name = value`; none of a programming language's punctuation. */
const settingsLine =
  /^\s{0,12}(?:export\s)?(?:- )?[A-Za-z][\w.-]{0,63}(?:\s?=\s?|:\s)(?:"[^"]{0,400}"|'[^']{0,400}'|[^\s"'(){};,][^"'(){};]{0,400})?\s{0,4}$/
