import { GatewayError } from '../errors.ts'
import type { CliContext } from './cli-context.ts'
import type { JsonOption } from './start-flags.ts'

/** One answer: JSON for machines, or text for people. */
export const answer = (
  { stdout }: CliContext,
  { json }: JsonOption,
  value: unknown,
  text: () => string,
): void => {
  stdout.write(json === true ? `${JSON.stringify(value, undefined, 2)}\n` : text())
}

/** What is worth knowing beside the answer; never on standard output. */
export const note = ({ stderr }: CliContext, text: string): void => {
  stderr.write(`${text}\n`)
}

/** What an error is to the person who typed the command. Defects show their text: they are local. */
export const errorText = (error: unknown): string => {
  if (error instanceof GatewayError && error.code !== 'gateway_internal') return error.message
  const cause = error instanceof GatewayError ? error.cause : error
  return cause instanceof Error ? cause.message : 'unknown error'
}
