import { rmSync } from 'node:fs'
import { GatewayError } from '../errors.ts'
import type { AdminClient } from './admin-client.ts'
import { type ConfigFile, writeConfigFile } from './config-file.ts'
import { errorText } from './output.ts'

/**
 * Lets the server read its files anew. What it refuses although the file is valid by itself (a key of the vault that
 * is bound to another address) would keep it from starting, so the file becomes again what it was, unless that was
 * refused as well.
 */
export const takeOver = async (
  client: AdminClient,
  { path, text: old }: ConfigFile,
  text: string,
): Promise<void> => {
  const refusal = await reload(client)
  if (refusal === undefined) return
  if (old === undefined) rmSync(path, { force: true })
  else writeConfigFile(path, old)
  if ((await reload(client)) === undefined) {
    throw new GatewayError(
      'config_invalid',
      `the running server refuses this, so the file stays as it was: ${refusal.message}`,
    )
  }
  writeConfigFile(path, text)
  throw new GatewayError(
    'config_invalid',
    `written, but the running server refuses its configuration: ${refusal.message}`,
  )
}

const reload = async (client: AdminClient): Promise<GatewayError | undefined> => {
  try {
    await client.call('POST', '/config/reload')
    return undefined
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'config_invalid') return error
    throw new GatewayError(
      'start_failed',
      `written, but the running server did not take it over: ${errorText(error)}`,
    )
  }
}
