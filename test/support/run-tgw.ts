import { type TestGateway, testAdminToken } from './gateway.ts'
import { tgwProgram } from './program.ts'

export interface Ran {
  readonly out: string
  readonly error: string
  readonly code: number
}

/** Runs a command of `tgw` as somebody with the admin token, in the gateway's data folder. */
export const runTgw = async (
  gateway: Pick<TestGateway, 'dataDir'>,
  ...words: readonly string[]
): Promise<Ran> => {
  const child = Bun.spawn([...tgwProgram, ...words], {
    cwd: gateway.dataDir,
    stdout: 'pipe',
    stderr: 'pipe',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: gateway.dataDir,
      TGW_ADMIN_TOKEN: testAdminToken,
      NO_PROXY: '127.0.0.1',
    },
  })
  const [out, error, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { out, error, code }
}
