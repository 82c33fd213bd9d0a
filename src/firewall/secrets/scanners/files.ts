import { canStart } from '../character-classes.ts'
import { isWeakPassword } from '../placeholders.ts'
import type { Scanner } from '../rule.ts'
import { judgeUserAndPassword } from './authorization.ts'
import { judgePassword } from './url-password.ts'

const weak = { confidence: 0.3, isReportOnly: true } as const

const netrcEntry =
  /^([^\s\\]{1,100}(?:\s|\\{1,2}[nrt]){1,8}login(?:\s|\\{1,2}[nrt]){1,8}([^\s\\]{1,100})(?:\s|\\{1,2}[nrt]){1,8}password(?:\s|\\{1,2}[nrt]){1,8})([^\s"'`\\]{4,200})/

/** The password of a `.netrc` entry: `machine host login name password …`, on one line or on several. */
export const netrcPassword: Scanner = (text, start, end, report) => {
  if (!canStart(text, start)) return end
  const entry = netrcEntry.exec(text.slice(end, end + 440))
  const [, head = '', user = '', password = ''] = entry ?? []
  const verdict = password === '' ? 'none' : judgePassword(user, password, '')
  if (verdict === 'none') return end
  report(end + head.length, end + head.length + password.length, verdict === 'weak' ? weak : {})
  return end + head.length + password.length
}

/** The base64 `auth` of a registry in Docker's `config.json`. The anchor is the name with its first quote. */
export const dockerAuth: Scanner = (text, _start, end, report) => {
  const entry = /^(\\{0,3}"\s{0,4}:\s{0,4}\\{0,3}")([A-Za-z0-9+/]{8,4096}={0,2})\\{0,3}"/.exec(
    text.slice(end, end + 4_130),
  )
  const [, head = '', value = ''] = entry ?? []
  const verdict =
    value === '' ? 'none' : judgeUserAndPassword(Buffer.from(value, 'base64').toString('latin1'))
  if (verdict === 'none') return end
  const from = end + head.length
  report(from, from + value.length, verdict === 'weak' ? weak : {})
  return from + value.length
}

/** The password of an ADO.NET, ODBC or JDBC connection string: `Server=…;Uid=…;Pwd=…;`. */
export const connectionStringPassword: Scanner = (text, start, end, report) => {
  const password = /^[^;\s"'`<>]{4,128}/.exec(text.slice(end, end + 130))?.[0] ?? ''
  if (password === '') return end
  const before = text.slice(Math.max(0, start - 240), start)
  const line = before.slice(before.lastIndexOf('\n') + 1)
  const after = text.slice(end + password.length, end + password.length + 200)
  const around = line + after.slice(0, Math.max(0, after.indexOf('\n')) || after.length)
  if (!neighbours.test(around)) return end
  const stopped = end + password.length
  if (!isWeakPassword(password) && judgePassword('', password, '') === 'strong') report(end, stopped)
  else if (judgePassword('', password, '') !== 'none') report(end, stopped, weak)
  return stopped
}

const neighbours =
  /(?:^|[;"'`\s])(?:server|data source|host|addr|address|network address|driver|initial catalog|database|endpoint)\s?=[^;]{1,120};/i

/** An assignment on a command line before the command, or an option: `PGPASSWORD=… psql`, `mysql --password=…`. */
export const commandPassword: Scanner = (text, _start, end, report) => {
  const value = /^(?:"([^"\n]{4,128})"|'([^'\n]{4,128})'|([^\s"'`;|&<>]{4,128}))/.exec(
    text.slice(end, end + 132),
  )
  const password = value?.[1] ?? value?.[2] ?? value?.[3] ?? ''
  if (value === null || password === '') return end
  const from = end + value[0].indexOf(password)
  const verdict = judgePassword('', password, '')
  if (verdict !== 'none') report(from, from + password.length, verdict === 'weak' ? weak : {})
  return from + password.length
}
