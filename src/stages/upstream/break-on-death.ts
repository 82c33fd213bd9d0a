import type { ProtocolId } from '../../ir/index.ts'

/** When the client of a stream that died is told so by a broken connection, in place of its protocol's error form. */
export type BreakOnDeath = 'never' | 'after-text' | 'always'

/**
 * Some clients take an error within a stream for the end of the turn, and ask again only when the connection breaks:
 * Claude Code before 2.1 once there was text, and Codex, as long as it spoke Chat Completions, in any case.
 */
export const breakOnDeath = (userAgent: string | null, protocol: ProtocolId): BreakOnDeath => {
  if (userAgent === null) return 'never'
  if (protocol === 'openai-chat') return userAgent.startsWith('codex_') ? 'always' : 'never'
  const version = /^claude-cli\/(\d+)\.(\d+)/.exec(userAgent)
  if (version === null) return 'never'
  const major = Number(version[1])
  return major < 2 || (major === 2 && Number(version[2]) < 1) ? 'after-text' : 'never'
}
