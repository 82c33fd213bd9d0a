import { expect, test } from 'bun:test'
import { createMetrics, mergeExpositions } from './index.ts'

test('of one process the exposition is the same', async () => {
  const metrics = createMetrics({ version: '1' })
  metrics.attempt('p', 200)
  const text = await metrics.render()
  // Readings differ from one moment to the next.
  const stable = (lines: string): string =>
    lines
      .split('\n')
      .filter((line) => !/^(process|tollgate_(heap|event_loop))/.test(line))
      .join('\n')
      .trim()
  expect(stable(mergeExpositions([text]))).toBe(stable(text))
  expect(text).not.toContain('worker=')
  metrics.close()
})

test('of several each metric has one head and the series of all, told apart by their worker', async () => {
  const workers = [1, 2, 3].map((worker) => createMetrics({ version: '1', worker }))
  for (const [at, metrics] of workers.entries()) {
    metrics.attempt('p', 200)
    if (at === 1) metrics.violation('openai-chat', 'rule "x"\n# TYPE y counter')
  }
  const text = mergeExpositions(await Promise.all(workers.map((metrics) => metrics.render())))
  for (const metrics of workers) metrics.close()
  const lines = text.split('\n')
  expect(lines.filter((line) => line.startsWith('tollgate_upstream_attempts_total'))).toEqual(
    [1, 2, 3].map(
      (worker) => `tollgate_upstream_attempts_total{provider="p",status_class="2xx",worker="${worker}"} 1`,
    ),
  )
  const heads = lines.filter((line) => line.startsWith('# TYPE'))
  expect(new Set(heads).size).toBe(heads.length)
  // The samples of a metric stand together, below its head.
  let metric = ''
  for (const line of lines) {
    if (line.startsWith('# TYPE ')) metric = line.split(' ')[2] ?? ''
    if (line !== '' && !line.startsWith('#')) expect(line.startsWith(metric)).toBe(true)
  }
  expect(text.endsWith('\n')).toBe(true)
  expect(lines.filter((line) => line.startsWith('tollgate_protocol_violation_total{'))).toHaveLength(1)
})

test('a metric that only one has stands where it comes', () => {
  const of = (name: string, worker: number) =>
    `# HELP ${name} h\n# TYPE ${name} gauge\n${name}{w="${worker}"} 1\n`
  expect(mergeExpositions([of('a', 1), `${of('a', 2)}\n${of('b', 2)}`, ''])).toBe(
    `# HELP a h\n# TYPE a gauge\na{w="1"} 1\na{w="2"} 1\n\n${of('b', 2)}`,
  )
})
