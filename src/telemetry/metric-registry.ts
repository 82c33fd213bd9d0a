import PromRegistry, { type Sample } from 'prom-client/lib/registry.js'
import {
  type Counter,
  createCounter,
  createGauge,
  createHistogram,
  type Gauge,
  type Histogram,
} from './instrument.ts'
import { createSeriesFamily, type SeriesBounds } from './series.ts'

export interface MetricDescription {
  readonly name: string
  readonly help: string
  /** Names of the labels; the finder takes their values in this order. */
  readonly labels?: readonly string[]
  readonly bounds?: SeriesBounds
}

/** Gives the instrument of these label values, the same one each time: keep it where it is used often. */
export type Finder<Instrument> = (...labels: readonly string[]) => Instrument

/** A registry of its own; prom-client's global one stays empty. A name that is taken throws. */
export interface MetricRegistry {
  counter(description: MetricDescription): Finder<Counter>
  gauge(description: MetricDescription): Finder<Gauge>
  histogram(description: MetricDescription & { readonly buckets: readonly number[] }): Finder<Histogram>
  /** A number that is read when somebody asks for it. */
  reading(description: {
    readonly type: 'counter' | 'gauge'
    readonly name: string
    readonly help: string
    readonly read: () => number
  }): void
  /** The Prometheus text exposition. */
  render(): Promise<string>
  readonly contentType: string
}

/** @param labels on every series, beside its own */
export const createMetricRegistry = (labels: Readonly<Record<string, string>> = {}): MetricRegistry => {
  const registry = new PromRegistry()
  registry.setDefaultLabels(labels)

  const add = (
    type: 'counter' | 'gauge' | 'histogram',
    { name, help }: { readonly name: string; readonly help: string },
    values: () => readonly Sample[],
  ): void => {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`metric name "${name}" is not in snake case`)
    registry.registerMetric({ name, get: async () => ({ name, help, type, values: values() }) })
  }
  /** A family of instruments; one without labels has its single series from the start, at 0. */
  const family = <Instrument>(
    type: 'counter' | 'gauge' | 'histogram',
    description: MetricDescription,
    create: () => Instrument,
    samples: (instrument: Instrument, labels: Readonly<Record<string, string>>) => readonly Sample[],
  ): Finder<Instrument> => {
    const names = description.labels ?? []
    const series = createSeriesFamily(names.length, create, description.bounds)
    if (names.length === 0) series.find()
    add(type, description, () =>
      series
        .all()
        .flatMap(({ labels, value }) =>
          samples(value, Object.fromEntries(names.map((name, index) => [name, labels[index] ?? '']))),
        ),
    )
    return series.find
  }

  return {
    counter: (description) =>
      family('counter', description, createCounter, (counter, labels) => [
        { labels, value: counter.total() },
      ]),
    gauge: (description) =>
      family('gauge', description, createGauge, (gauge, labels) => [{ labels, value: gauge.level() }]),
    histogram: (description) => {
      const create = () => createHistogram(description.buckets)
      return family('histogram', description, create, ({ snapshot }, labels) => {
        const { cumulative, sum, count } = snapshot()
        const metricName = `${description.name}_bucket`
        return [
          ...cumulative.map(([bound, value]) => ({ metricName, labels: { le: bound, ...labels }, value })),
          { metricName, labels: { le: '+Inf', ...labels }, value: count },
          { metricName: `${description.name}_sum`, labels, value: sum },
          { metricName: `${description.name}_count`, labels, value: count },
        ]
      })
    },
    reading: (description) =>
      add(description.type, description, () => [{ labels: {}, value: description.read() }]),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
