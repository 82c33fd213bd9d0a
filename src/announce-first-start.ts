import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FirstStart } from './accounts/index.ts'
import type { Logger } from './telemetry/index.ts'

export interface Announcement {
  readonly fresh: FirstStart
  /** Base URL, without a slash at the end. */
  readonly url: string
  readonly dataDir: string
  /** Is somebody looking? */
  readonly terminal: boolean
  readonly logger: Logger
}

/**
 * Shows the first admin token and virtual key once: on a terminal, or else in `first-start.txt` (0600), whose path
 * is logged. Secrets never go to a log.
 */
export const announceFirstStart = async ({
  fresh,
  url,
  dataDir,
  terminal,
  logger,
}: Announcement): Promise<void> => {
  const text = announcement(fresh, url)
  if (terminal) process.stdout.write(text)
  else {
    const path = join(dataDir, 'first-start.txt')
    writeFileSync(path, text, { mode: 0o600 })
    logger.info('first start: admin token and virtual key are in this file, keep them and delete it', {
      path,
    })
  }
  await fresh.markShown()
}

const announcement = ({ adminToken, virtualKey }: FirstStart, url: string): string => {
  const key = virtualKey?.reveal() ?? '$TGW_BOOTSTRAP_KEY'
  const lines = [
    '',
    'Tollgate runs. These secrets are shown this once:',
    '',
    `  base URL     ${url}`,
    ...(adminToken === undefined ? [] : [`  admin token  ${adminToken.reveal()}`]),
    ...(virtualKey === undefined ? [] : [`  virtual key  ${virtualKey.reveal()}`]),
    '',
    'Try it, no provider key is needed:',
    '',
    `  curl ${url}/v1/chat/completions -H 'authorization: Bearer ${key}' -H 'content-type: application/json' -d '{"model":"loopback","messages":[{"role":"user","content":"hello"}]}'`,
    '',
    '',
  ]
  return lines.join('\n')
}
