import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sharedFolder } from '../support/shared.ts'

/** A request that a real client was recorded with. */
export interface Recording {
  readonly name: string
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer<ArrayBuffer> | undefined
  readonly status: number
  /** The real provider would refuse it. */
  readonly refused: boolean
  /** The answer was a fault that the recording asked for, not a judgement of the request. */
  readonly faulted: boolean
}

/** All recorded requests; none where there is no folder of them. */
export const readRecordings = (): readonly Recording[] => {
  const shared = sharedFolder()
  if (shared === undefined) return []
  const folder = join(shared, 'recordings')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.meta.json'))
    .sort()
    .map((file): Recording => {
      const meta = JSON.parse(readFileSync(join(folder, file), 'utf8'))
      const body = join(folder, file.replace('.meta.json', '.json'))
      return {
        name: file.replace('.meta.json', ''),
        method: meta.method,
        url: meta.url,
        headers: Object.fromEntries(
          Object.entries<string>(meta.headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        body: existsSync(body) ? readFileSync(body) : undefined,
        status: meta.answered.status,
        refused: meta.strictErrors !== undefined,
        faulted: String(meta.answered.did).startsWith('fault'),
      }
    })
}
