import { RE2JS } from 're2js'
import type { Finding } from './finding.ts'

/** What may go through although a detector finds it. */
export interface AllowList {
  admits(text: string, finding: Finding): boolean
}

/** One entry: a value, or a linear-time regular expression that the whole value must match. */
export interface AllowedValue {
  readonly value?: string
  readonly pattern?: string
  /** Only findings of this type (`EMAIL`). */
  readonly type?: string
  /** Only findings of this detector. */
  readonly detector?: string
}

/** Words that exempt the line which they stand in, as code review knows them. Never from injections. */
const remarks = [
  'tollgate:allow',
  'gitleaks:allow',
  'pragma: allowlist secret',
  'secretlint-disable-line',
] as const

/** @throws SyntaxError for a pattern that re2 does not know */
export const createAllowList = (entries: readonly AllowedValue[]): AllowList => {
  const compiled = entries.map(({ value, pattern, type, detector }) => {
    const expression = pattern === undefined ? undefined : RE2JS.compile(pattern)
    return { value, expression, type, detector }
  })
  return {
    admits(text, { detector, type, start, end }) {
      if (detector !== 'injection' && isRemarked(text, start, end)) return true
      if (compiled.length === 0) return false
      const found = text.slice(start, end)
      return compiled.some(
        (entry) =>
          (entry.type === undefined || entry.type === type) &&
          (entry.detector === undefined || entry.detector === detector) &&
          (entry.value === found || entry.expression?.matches(found) === true),
      )
    },
  }
}

/** Lines are looked at so far to each side: more is no line that a person wrote. */
const longestLine = 2_000

const isRemarked = (text: string, start: number, end: number): boolean => {
  const before = text.slice(Math.max(0, start - longestLine), start)
  const behind = text.slice(end, end + longestLine)
  const newline = behind.indexOf('\n')
  const line = before.slice(before.lastIndexOf('\n') + 1) + behind.slice(0, newline < 0 ? undefined : newline)
  return remarks.some((remark) => line.includes(remark))
}
