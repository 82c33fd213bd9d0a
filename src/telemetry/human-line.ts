const levelNames: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO ',
  40: 'WARN ',
  50: 'ERROR',
  60: 'FATAL',
}
const levelColours: Readonly<Record<number, number>> = { 10: 90, 20: 90, 30: 32, 40: 33, 50: 31, 60: 31 }
const hidden = new Set(['level', 'time', 'pid', 'msg'])

/**
 * A JSON log line for people: `12:34:56.789 WARN  message name=value`, time in the local zone, without newline.
 * A line that is no JSON object comes back as it is, but for control characters.
 */
export const humanLine = (line: string, options: { readonly colour?: boolean } = {}): string => {
  const record = parseRecord(line)
  if (record === undefined) return printable(line)
  const level = typeof record['level'] === 'number' ? record['level'] : 30
  const paint = (code: number, text: string): string =>
    options.colour === true ? `\u001b[${code}m${text}\u001b[0m` : text
  const head = [
    paint(90, clockTime(record['time'])),
    paint(levelColours[level] ?? 0, levelNames[level] ?? String(level)),
    printable(String(record['msg'] ?? '')),
  ]
  const rest = Object.entries(record)
    .filter(([name]) => !hidden.has(name))
    .map(([name, value]) => `${paint(36, `${printable(name)}=`)}${fieldText(value)}`)
  return [...head, ...rest].join(' ')
}

const parseRecord = (line: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? Object.fromEntries(Object.entries(parsed))
      : undefined
  } catch {
    return undefined
  }
}

const fieldText = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return printable(typeof value === 'string' && /[\s="]|^$/.test(text) ? JSON.stringify(text) : text)
}

/** A log field may come from a client: no escape sequence of its reaches the terminal. */
const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (found) => `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`)

const clockTime = (time: unknown): string => {
  if (typeof time !== 'number' || Number.isNaN(new Date(time).getTime())) return '--:--:--.---'
  const date = new Date(time)
  const two = (value: number): string => String(value).padStart(2, '0')
  const three = String(date.getMilliseconds()).padStart(3, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${three}`
}
