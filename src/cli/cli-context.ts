import type { CliActions } from '../cli-actions.ts'
import type { Environment } from '../config/index.ts'

/** A stream to write to, and whether somebody looks at it. */
export interface TextSink {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  /** Told when the reader has closed its end. */
  on?(event: 'error', listener: () => void): unknown
  /** Told when it takes more, after a `write` that answered false. */
  once?(event: 'drain' | 'error', listener: () => void): unknown
}

/** Everything that the command line takes from the process that it runs in. */
export interface CliContext {
  readonly env: Environment
  readonly cwd: string
  readonly home: string
  readonly stdout: TextSink
  readonly stderr: TextSink
  /** Default: standard input of the process. */
  readonly readStdin?: () => Promise<string>
  readonly actions: CliActions
}

/** Colour only where somebody looks, and not against their will (no-color.org). */
export const wantsColour = (context: CliContext): boolean =>
  context.stdout.isTTY === true && (context.env['NO_COLOR'] ?? '') === '' && context.env['TERM'] !== 'dumb'
