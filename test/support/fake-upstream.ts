import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sharedFolder } from './shared.ts'

/** The strict, scripted stand-in for all vendors that lies with the recordings; it refuses what they would refuse. */
export interface FakeUpstream {
  readonly url: string
  /** What it found wrong with the requests so far. */
  issues(): Promise<unknown>
  stop(): Promise<void>
}

/** The folder with the stand-in and with the scripts that run real agents; undefined where there is none. */
export const kitFolder = (): string | undefined => {
  const folder = join(sharedFolder() ?? '', 'tools/e2e')
  return existsSync(join(folder, 'fake-upstream.mjs')) ? folder : undefined
}

/** @param flags of `fake-upstream.mjs` */
export const startFakeUpstream = async (
  kit: string,
  flags: readonly string[] = [],
): Promise<FakeUpstream> => {
  const script = join(kit, 'fake-upstream.mjs')
  const fake = Bun.spawn([process.execPath, script, '--port', '0', ...flags], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
    env: { PATH: process.env['PATH'] ?? '' },
  })
  const reader = fake.stdout.getReader()
  const decoder = new TextDecoder()
  let said = ''
  let url: string | undefined
  while (url === undefined) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`the fake upstream did not start: ${said}`)
    said += decoder.decode(value)
    url = /listening on (http:\S+)/.exec(said)?.[1]
  }
  const base = url
  // What it prints later must not fill the pipe.
  void (async () => {
    while (!(await reader.read()).done);
  })()
  return {
    url: base,
    issues: async () => (await fetch(`${base}/__fake/issues`)).json(),
    async stop() {
      fake.kill()
      await fake.exited
    },
  }
}

/** Configuration of three providers which are the stand-in, and of the route to them; its key is `upstream-secret-key`. */
export const fakeProviders = ({ url }: Pick<FakeUpstream, 'url'>): readonly string[] => [
  'providers:',
  `  up-openai: { kind: openai-compatible, protocols: [openai-chat, openai-responses], base_url: "${url}/v1", api_key: upstream-secret-key }`,
  `  up-anthropic: { kind: anthropic-compatible, base_url: "${url}", api_key: upstream-secret-key }`,
  `  up-gemini: { kind: gemini-compatible, base_url: "${url}", api_key: upstream-secret-key }`,
  'routes: [{ match: "*", targets: [up-openai, up-anthropic, up-gemini] }]',
]
