import { GatewayError } from '../errors.ts'

/** One thing wrong with the configuration, and where it was said. */
export interface ConfigProblem {
  /** Absolute path of the file, when a file said it. */
  readonly file?: string
  /** From 1. */
  readonly line?: number
  /** From 1, in UTF-16 units. */
  readonly column?: number
  /** `environment variable TGW_PORT` or `flag --listen.port`, when no file said it. */
  readonly source?: string
  /** Dotted path of the setting, such as `providers.openai.base_url`; empty for the whole file. */
  readonly path: string
  /** Lower case, no full stop, without the value of a secret. */
  readonly message: string
}

/** The error of every configuration fault: all problems at once. */
export type ConfigError = GatewayError & { readonly problems: readonly ConfigProblem[] }

export const configError = (problems: readonly ConfigProblem[]): ConfigError => {
  const lines = problems.map(formatProblem)
  const message =
    lines.length === 1
      ? `the configuration is invalid: ${lines[0]}`
      : [`the configuration has ${lines.length} problems:`, ...lines.map((line) => `  ${line}`)].join('\n')
  return Object.assign(new GatewayError('config_invalid', message), { problems })
}

export const isConfigError = (error: unknown): error is ConfigError =>
  error instanceof GatewayError && error.code === 'config_invalid' && 'problems' in error

/** `/etc/tollgate.yaml:3:5: listen.prot: unknown key …` on one line. */
export const formatProblem = (problem: ConfigProblem): string =>
  [placeOf(problem), problem.path, problem.message].filter((part) => part !== '').join(': ')

const placeOf = (problem: ConfigProblem): string => {
  if (problem.file === undefined) return problem.source ?? ''
  return [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':')
}
