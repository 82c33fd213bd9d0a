import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway, type TestGateway, waitFor } from '../support/gateway.ts'
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts'

describe.skipIf(!redisAvailable('two gateways that tell each other of keys'))(
  'two gateways on one database and one Redis',
  () => {
    let redis: RedisServer
    let folder: string
    let gateways: readonly TestGateway[] = []

    beforeAll(async () => {
      redis = await startRedis([])
      folder = mkdtempSync(join(tmpdir(), 'tollgate-keys-'))
      const options = {
        config: [
          `redis: { url: "${redis.url}" }`,
          `database: { url: "sqlite:${join(folder, 'shared.db')}" }`,
        ],
        env: { TGW_MASTER_KEY: randomBytes(32).toString('base64') },
      }
      const first = await startGateway(options)
      gateways = [first, await startGateway(options)]
    }, 60_000)
    afterAll(async () => {
      for (const gateway of gateways) await gateway.stop()
      await redis?.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    test('a suspended user is out at the other one well before it would have looked by itself', async () => {
      const [here, there] = gateways
      if (here === undefined || there === undefined) throw new Error('no gateways')
      const post = (path: string, body: object = {}) =>
        here.admin(path, { method: 'POST', body: JSON.stringify(body) }) as Promise<Record<string, string>>
      const statusThere = async (secret: string) =>
        (await fetch(`${there.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } })).status
      const user = await post('/users', { email: 'ada@example.com' })
      const key = await post('/keys', { name: 'a', user: user['id'] })
      const becomes = (status: number, within: number) =>
        waitFor(async () => ((await statusThere(key['secret'] ?? '')) === status ? true : undefined), within)
      await becomes(200, 5_000)
      // By itself it looks every two seconds: five turns in a row would hardly come in time by chance.
      for (let turn = 0; turn < 5; turn += 1) {
        await post(`/users/${user['id']}/suspend`)
        expect(await becomes(401, 700)).toBe(true)
        await post(`/users/${user['id']}/activate`)
        expect(await becomes(200, 700)).toBe(true)
      }
    }, 30_000)
  },
)
