/** Headers in which real clients name their session (Codex, opencode, Claude Code and gateways of others). */
const sessionHeaders = [
  'session-id',
  'session_id',
  'conversation_id',
  'x-session-id',
  'x-session-affinity',
  'x-claude-code-session-id',
] as const

/** The client's own name for the session: a header, or the cache key that agents set to it. */
export const sessionOf = (headers: Headers, promptCacheKey: string | undefined): string | undefined => {
  for (const name of sessionHeaders) {
    const value = headers.get(name)
    if (value !== null && value !== '') return value
  }
  return promptCacheKey === '' ? undefined : promptCacheKey
}
