import { createHash } from 'node:crypto'

/** Sends a command; rejects with `gateway_state_unavailable`. */
export type RedisCall = (command: string, args: readonly RedisArgument[]) => Promise<unknown>

/** Bytes travel as they are. */
export type RedisArgument = string | Uint8Array

export interface Script {
  readonly text: string
  readonly sha: string
}

export const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') })

/** Resolves to what a script returns; it is sent whole only where Redis has not seen it. */
export const runScript = async (
  call: RedisCall,
  { text, sha }: Script,
  keys: readonly string[],
  args: readonly RedisArgument[],
): Promise<unknown> => {
  const rest = [String(keys.length), ...keys, ...args]
  try {
    return await call('EVALSHA', [sha, ...rest])
  } catch (error) {
    // Redis forgets scripts when it starts anew.
    if (!(error instanceof Error) || !error.message.includes('NOSCRIPT')) throw error
    return call('EVAL', [text, ...rest])
  }
}
