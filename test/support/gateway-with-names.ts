/**
 * The gateway's program, but for names of the test's own, so that pictures can lie on this machine: `TEST_NAMES` is a
 * JSON object of names and the addresses that they resolve to. 127.0.0.1 counts as public here; the rest of the
 * fetcher, and of the gateway, is the real one.
 */
import { homedir } from 'node:os'
import { createMediaFetcher, isGlobalAddress } from '../../src/egress/index.ts'
import { loadSettings } from '../../src/load-settings.ts'
import { serve } from '../../src/serve.ts'
import { startServer, workerFlags } from '../../src/start-server.ts'
import { isWorker } from '../../src/supervisor/index.ts'

const { env } = process
const surroundings = { env, cwd: process.cwd(), home: env['HOME'] ?? homedir() }

const names = new Map<string, readonly string[]>(Object.entries(JSON.parse(env['TEST_NAMES'] ?? '{}')))

const fetchMedia = createMediaFetcher({
  resolve: async (host) => names.get(host) ?? [],
  isAllowed: (address) => address === '127.0.0.1' || isGlobalAddress(address),
})

if (isWorker()) {
  const flags = workerFlags(env)
  await serve({ load: () => loadSettings({ ...surroundings, flags }), env, fetchMedia })
} else process.exitCode = await startServer(surroundings, {})
