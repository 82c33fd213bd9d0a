import { GatewayError } from '../errors.ts'

/** One step into the settings: a key, or the index of a list. */
export type PathSegment = string | number
export type SettingPath = readonly PathSegment[]

const step = /([^.[\]"]+)|("(?:[^"\\]|\\.)*")|\[(\d{1,9})\]/y

/**
 * Reads `listen.port`, `routes[0].match` or `aliases."gpt-5.1"` (a key with a dot stands in double quotes).
 * Throws `config_invalid` when the text is no path.
 */
export const parsePath = (text: string): SettingPath => {
  const path: PathSegment[] = []
  let at = 0
  while (at < text.length) {
    step.lastIndex = at
    const found = step.exec(text)
    if (found === null) throw noPath()
    const [whole, bare, quoted, index] = found
    const first = at === 0
    if (index === undefined && !first && text[at - 1] !== '.') throw noPath()
    if (index !== undefined && (first || text[at - 1] === '.')) throw noPath()
    path.push(index !== undefined ? Number(index) : quoted !== undefined ? unquote(quoted) : (bare ?? ''))
    at += whole.length
    if (text[at] === '.') {
      at += 1
      if (at === text.length) throw noPath()
    }
  }
  if (path.length === 0) throw noPath()
  return path
}

/** The text that {@link parsePath} reads back. */
export const formatPath = (path: readonly PropertyKey[]): string =>
  path
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`
      const key = String(segment)
      return `${index === 0 ? '' : '.'}${/^[\w-]+$/.test(key) ? key : JSON.stringify(key)}`
    })
    .join('')

export const toPath = (path: string | SettingPath): SettingPath =>
  typeof path === 'string' ? parsePath(path) : path

const unquote = (text: string): string => {
  try {
    return String(JSON.parse(text))
  } catch {
    throw noPath()
  }
}

// The text is not echoed: a value typed in the place of the path may be a secret.
const noPath = (): GatewayError =>
  new GatewayError(
    'config_invalid',
    'the path is not readable; write keys with dots between them, such as listen.port, routes[0].match or aliases."gpt-5.1"',
  )
