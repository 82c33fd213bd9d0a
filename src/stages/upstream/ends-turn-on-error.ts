/** Claude Code before 2.1 takes an error event after text for the end of the turn (clients.md §3). */
export const endsTurnOnError = (userAgent: string | null): boolean => {
  const version = /^claude-cli\/(\d+)\.(\d+)/.exec(userAgent ?? '')
  if (version === null) return false
  const major = Number(version[1])
  return major < 2 || (major === 2 && Number(version[2]) < 1)
}
