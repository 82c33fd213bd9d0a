import { isJsonObject } from '../../ir/index.ts'
import { type JsonScan, valueAt } from '../../wire/index.ts'
import { ownMember } from './members.ts'

/**
 * The client's own name for the session: Claude Code 2.1 and opencode send a header, Claude Code 2.0 only
 * `metadata.user_id`.
 */
export const sessionOf = (headers: Headers, scan: JsonScan): string | undefined => {
  const header =
    headers.get('x-claude-code-session-id') ??
    headers.get('x-session-id') ??
    headers.get('x-session-affinity')
  if (header !== null && header !== '') return header
  const span = scan.top.get('metadata')
  if (span === undefined) return undefined
  const metadata = valueAt(scan, span)
  const user = isJsonObject(metadata) ? ownMember(metadata, 'user_id') : undefined
  return typeof user === 'string' ? sessionInUserId(user) : undefined
}

/** `user_<hash>_account__session_<uuid>`, or JSON with `session_id`. */
export const sessionInUserId = (user: string): string | undefined => {
  if (user.startsWith('{')) {
    const value = parse(user)
    const session = isJsonObject(value) ? ownMember(value, 'session_id') : undefined
    return typeof session === 'string' && session !== '' ? session : undefined
  }
  const at = user.lastIndexOf('_session_')
  const session = at < 0 ? '' : user.slice(at + '_session_'.length)
  return /^[0-9a-fA-F-]{36}$/.test(session) ? session : undefined
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
