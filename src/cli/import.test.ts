import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clearPlaces, makePlace, type Place } from './running-cli.fixture.ts'

afterAll(clearPlaces)

const secret = 'sk-own-0123456789abcdefghijklmnop'
const litellm = [
  'model_list:',
  '  - model_name: smart',
  `    litellm_params: { model: openai/gpt-4.1, api_key: ${secret}, temperature: 0.1 }`,
  '  - model_name: local',
  '    litellm_params: { model: openai/qwen, api_base: "http://127.0.0.1:9/v1", api_key: os.environ/LOCAL_KEY }',
  'general_settings: { master_key: sk-master-0123456789 }',
  '',
].join('\n')

const put = (place: Place, name: string, text: string): string => {
  writeFileSync(join(place.folder, name), text)
  return name
}

describe('tgw import without a server', () => {
  let place: Place
  beforeAll(() => {
    place = makePlace()
    put(place, 'litellm.yaml', litellm)
  })

  test('shows what it would write, and writes nothing', async () => {
    const { code, stdout, stderr } = await place.tgw(['import', 'litellm', 'litellm.yaml'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('#   3: model_list[0].litellm_params.temperature: ')
    expect(stdout).toContain('#   LOCAL_KEY\n')
    expect(stdout).not.toContain(secret)
    expect(existsSync(join(place.folder, 'tollgate.yaml'))).toBe(false)
    expect(existsSync(join(place.dataDir, 'tollgate.yaml'))).toBe(false)
  })

  test('what it shows is a file that `tgw config check` takes', async () => {
    const { stdout } = await place.tgw(['import', 'litellm', 'litellm.yaml'])
    const file = put(place, 'shown.yaml', stdout)
    const env = { OPENAI_API_KEY: 'k', LOCAL_KEY: 'k' }
    expect(await place.tgw(['config', 'check', file], { env })).toMatchObject({ code: 0, stderr: '' })
  })

  test('tells machines the same', async () => {
    const { stdout } = await place.tgw(['import', 'litellm', 'litellm.yaml', '--json'])
    const said = JSON.parse(stdout)
    expect(said).toMatchObject({
      file: null,
      sealed: [],
      variables: [
        { name: 'OPENAI_API_KEY', isWrittenThere: true },
        { name: 'LOCAL_KEY', isWrittenThere: false },
      ],
    })
    expect(said.left.map(({ line }: { line: number }) => line)).toEqual([3, 6])
    expect(said.carried.length).toBeGreaterThan(4)
  })

  test('writes with --apply, with the names to set, and overwrites only with --force', async () => {
    const file = join(place.dataDir, 'tollgate.yaml')
    const { code, stdout } = await place.tgw(['import', 'litellm', 'litellm.yaml', '--apply'])
    expect(code).toBe(0)
    expect(stdout).toContain('set OPENAI_API_KEY before the start: its value stands in the file')
    expect(stdout).toContain('set LOCAL_KEY before the start\n')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const before = readFileSync(file, 'utf8')
    expect(before).not.toContain(secret)
    const again = await place.tgw(['import', 'litellm', 'litellm.yaml', '--apply'])
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(again.stderr).toContain('exists already')
    const other = put(place, 'gateway.ini', 'facade_port=9000\n')
    expect((await place.tgw(['import', 'tokligence', other, '--apply', '--force'])).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain('port: 9000')
  })

  test('writes where --config says', async () => {
    const file = join(place.folder, 'else.yaml')
    const args = ['import', 'litellm', 'litellm.yaml', '--apply', '--config', 'else.yaml']
    expect((await place.tgw(args)).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain('match: smart')
  })

  test('seals with --seal, without a server', async () => {
    const own = makePlace()
    put(own, 'litellm.yaml', litellm)
    const { code, stdout } = await own.tgw(['import', 'litellm', 'litellm.yaml', '--apply', '--seal'])
    expect({ code, sealed: stdout.includes('sealed openai/litellm in the vault') }).toEqual({
      code: 0,
      sealed: true,
    })
    const text = readFileSync(join(own.dataDir, 'tollgate.yaml'), 'utf8')
    expect(text).toContain('vault:openai/litellm')
    expect(text).not.toContain('OPENAI_API_KEY')
  })

  test('what cannot be read is told with place and reason, and never with its text', async () => {
    const broken = put(place, 'broken.yaml', `model_list:\n  - x: "${secret}\n`)
    const faults = [
      ['litellm', broken, 78],
      ['litellm', 'missing.yaml', 1],
      ['tkngate', put(place, 'list.yaml', '- a\n'), 78],
      ['portkey', 'litellm.yaml', 2],
    ] as const
    for (const [format, file, expected] of faults) {
      const { code, stdout, stderr } = await place.tgw(['import', format, file])
      expect({ format, file, code, stdout }).toEqual({ format, file, code: expected, stdout: '' })
      expect(stderr).not.toContain(secret)
    }
    writeFileSync(join(place.folder, 'bytes.ini'), new Uint8Array([0xff, 0xfe, 0x00]))
    const { code, stderr } = await place.tgw(['import', 'tokligence', 'bytes.ini'])
    expect(code).toBe(78)
    expect(stderr).toContain('is no UTF-8 text')
  })
})

test('tgw import with a server seals the keys in its vault, and the server takes the file over', async () => {
  const place = makePlace()
  const source = litellm.replace('os.environ/LOCAL_KEY', 'none')
  put(place, 'litellm.yaml', source)
  expect((await place.apart(['start', '--daemon'])).code).toBe(0)
  const { code, stdout, stderr } = await place.tgw(['import', 'litellm', 'litellm.yaml', '--apply'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('sealed openai/litellm in the vault')
  const text = readFileSync(join(place.dataDir, 'tollgate.yaml'), 'utf8')
  expect(text).toContain('vault:openai/litellm')
  expect(text).not.toContain(secret)
  const routes = JSON.parse((await place.tgw(['route', 'list', '--json'])).stdout)
  expect(routes.routes.map(({ match }: { match: string[] }) => match)).toEqual([['smart'], ['local']])
  // What a server cannot take over is not left behind.
  const unset = put(
    place,
    'unset.yaml',
    'model_list: [{ model_name: x, litellm_params: { model: openai/x, api_key: os.environ/NOT_SET_ANYWHERE } }]\n',
  )
  const refused = await place.tgw(['import', 'litellm', unset, '--apply', '--force'])
  expect(refused.code).toBe(78)
  expect(refused.stderr).toContain('NOT_SET_ANYWHERE')
  expect(readFileSync(join(place.dataDir, 'tollgate.yaml'), 'utf8')).toBe(text)
}, 120_000)
