import { isPlaceholder } from '../placeholders.ts'
import type { Report, Scanner } from '../rule.ts'
import { judgePassword } from './url-password.ts'

/** How far behind and before `kind: Secret` its document is read. */
const reach = 16_384
const lookBack = 4_096

/**
 * The values of `data:` and `stringData:` in the YAML document of a Kubernetes Secret. Reads the document around the
 * anchor line by line, once.
 */
export const kubernetesSecret: Scanner = (text, start, end, report) => {
  const kind = /^ *["']?Secret["']? *(?:\r?\n|$)/i.exec(text.slice(end, end + 40))
  if (kind === null) return end
  const floor = Math.max(0, start - lookBack)
  const before = text.slice(floor, start)
  const separator = before.lastIndexOf('\n---')
  const from = separator >= 0 ? floor + separator + 4 : before.startsWith('---') ? floor + 3 : floor
  const limit = Math.min(text.length, end + reach)
  const after = text.slice(end, limit)
  const next = after.indexOf('\n---')
  const to = next >= 0 ? end + next : limit
  readDocument(text.slice(from, to), from, report)
  return to
}

const readDocument = (document: string, offset: number, report: Report): void => {
  let section: { readonly indent: number; readonly isEncoded: boolean } | undefined
  let at = offset
  for (const line of document.split('\n')) {
    const indent = line.length - line.trimStart().length
    const content = line.trim()
    if (content === 'data:' || content === 'stringData:') section = { indent, isEncoded: content === 'data:' }
    else if (content !== '' && section !== undefined) {
      if (indent <= section.indent) section = undefined
      else readEntry(line, at, section.isEncoded, report)
    }
    at += line.length + 1
  }
}

const readEntry = (line: string, offset: number, isEncoded: boolean, report: Report): void => {
  const entry = /^(\s*["']?[\w.-]{1,100}["']?:\s*["']?)([^\s"'#]{6,8192})["']?\s*$/.exec(line)
  const [, head = '', value = ''] = entry ?? []
  if (value === '' || value.includes('{{') || value.includes('$')) return
  const name = head.toLowerCase()
  const plain = isEncoded ? decode(value) : value
  if (plain === undefined || isPublic(name) || isPlaceholder(plain)) return
  const verdict = plain.length > 64 ? 'strong' : judgePassword('', plain, '')
  if (verdict === 'none') return
  const start = offset + head.length
  report(start, start + value.length, verdict === 'weak' ? { confidence: 0.3, isReportOnly: true } : {})
}

const decode = (value: string): string | undefined => {
  if (!/^[A-Za-z0-9+/]{4,}={0,2}$/.test(value) || value.length % 4 !== 0) return undefined
  return Buffer.from(value, 'base64').toString('latin1')
}

/** Entries that are no secret though they stand in one. */
const isPublic = (name: string): boolean =>
  /\b(?:user(?:name)?|login|host(?:name)?|port|url|endpoint|region|namespace|database|dbname|ca\.crt|tls\.crt)\b/.test(
    name,
  )
