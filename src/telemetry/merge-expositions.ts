/**
 * Puts together what several processes expose in the Prometheus text format, each with a label of its own: of every
 * metric one head, and below it the samples of all.
 */
export const mergeExpositions = (texts: readonly string[]): string => {
  /** By head, the `# HELP` and `# TYPE` lines, in the order in which they came. */
  const metrics = new Map<string, string[]>()
  for (const text of texts) {
    let head = ''
    let samples: string[] = []
    for (const line of text.split('\n')) {
      if (line.startsWith('# HELP ')) {
        head = line
      } else if (line.startsWith('# TYPE ')) {
        head += `\n${line}`
        samples = metrics.get(head) ?? []
        metrics.set(head, samples)
      } else if (line !== '') samples.push(line)
    }
  }
  return [...metrics].map(([head, samples]) => `${[head, ...samples].join('\n')}\n`).join('\n')
}
