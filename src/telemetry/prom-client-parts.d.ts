/**
 * The part of prom-client that is used: the registry and its text exposition, by its own path. The package's
 * front door also loads a push gateway, cluster support and Node's HTTP client: 50 ms at every start. Its metric
 * classes hash the labels at each update (0.2 to 1 µs); ours keep the series (metric-registry.ts).
 */
declare module 'prom-client/lib/registry.js' {
  export interface Sample {
    /** Default: the metric's name. */
    readonly metricName?: string
    readonly labels: Readonly<Record<string, string | number>>
    readonly value: number
  }
  export interface Metric {
    readonly name: string
    get(): Promise<{
      readonly name: string
      readonly help: string
      readonly type: 'counter' | 'gauge' | 'histogram'
      readonly values: readonly Sample[]
    }>
  }
  export default class Registry {
    /** Throws when another metric has the name. */
    registerMetric(metric: Metric): void
    /** On every sample, beside its own. */
    setDefaultLabels(labels: Readonly<Record<string, string>>): void
    /** The text exposition. */
    metrics(): Promise<string>
    readonly contentType: string
  }
}
