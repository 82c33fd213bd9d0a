import { type ErrorCode, GatewayError } from '../errors.ts'
import { configExitCode } from '../supervisor/index.ts'

/** What the command line ends with. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, noServer: 3, config: configExitCode } as const

const byCode: { readonly [code in ErrorCode]?: number } = {
  gateway_request_invalid: exitCodes.usage,
  config_invalid: exitCodes.config,
  server_not_running: exitCodes.noServer,
}

export const exitCodeOf = (error: unknown): number =>
  error instanceof GatewayError ? (byCode[error.code] ?? exitCodes.failed) : exitCodes.failed
