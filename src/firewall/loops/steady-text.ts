/**
 * What coding agents write around a command's output and what differs each time it runs: Codex CLI 0.55 and 0.169 the
 * chunk and the time, Gemini CLI 0.61 the process group.
 */
const passing = ['Chunk ID: ', 'Wall time: ', 'Wall time ', 'Process Group PGID: ']

/** A tool's answer without them: two runs that did the same read the same. */
export const steadyText = (text: string): string => {
  const timed = text.includes('"duration_seconds"')
    ? text.replace(/"duration_seconds"\s{0,4}:\s{0,4}[-+.\de]{1,40}/g, '"duration_seconds":0')
    : text
  if (!passing.some((beginning) => timed.includes(beginning))) return timed
  return timed
    .split('\n')
    .filter((line) => !passing.some((beginning) => line.startsWith(beginning)))
    .join('\n')
}
