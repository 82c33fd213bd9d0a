import { describe, expect, test } from 'bun:test'
import { findFiles } from './find-files.ts'

const find = (
  existing: readonly string[],
  env: Readonly<Record<string, string>> = {},
  flags: Readonly<Record<string, unknown>> = {},
) => {
  const readFile = (path: string) => (existing.includes(path) ? path : undefined)
  return findFiles({ env, flags, cwd: '/w', home: '/h', readFile })
}
const paths = (found: ReturnType<typeof find>) => found.files.map(({ path }) => path)

describe('the file', () => {
  const everywhere = ['/flag.yaml', '/w/env.yaml', '/w/tollgate.yaml', '/h/.tollgate/tollgate.yaml']

  test('is that of the flag, the variable, the working folder, the data folder, in this order', () => {
    expect(paths(find(everywhere, { TGW_CONFIG: 'env.yaml' }, { config: '/flag.yaml' }))).toEqual([
      '/flag.yaml',
    ])
    expect(paths(find(everywhere, { TGW_CONFIG: 'env.yaml' }))).toEqual(['/w/env.yaml'])
    expect(paths(find(everywhere))).toEqual(['/w/tollgate.yaml'])
    expect(paths(find(['/h/.tollgate/tollgate.yaml']))).toEqual(['/h/.tollgate/tollgate.yaml'])
    expect(paths(find([]))).toEqual([])
  })

  test('is looked for in the data folder that the variable or flag names', () => {
    const data = ['/data/tollgate.yaml', '/h/mine/tollgate.yaml']
    expect(paths(find(data, { TGW_DATA_DIR: '/data' }))).toEqual(['/data/tollgate.yaml'])
    expect(paths(find(data, { TGW_DATA_DIR: '/data' }, { data_dir: '~/mine' }))).toEqual([
      '/h/mine/tollgate.yaml',
    ])
  })

  test('must exist when it is named', () => {
    expect(find([], {}, { config: 'no.yaml' }).problems).toEqual([
      { source: 'flag --config', path: '', message: 'names the file /w/no.yaml, which does not exist' },
    ])
    expect(find(['/w/tollgate.yaml'], { TGW_CONFIG: '/no.yaml' }).problems[0]?.source).toBe(
      'environment variable TGW_CONFIG',
    )
  })

  test('must be readable', () => {
    const readFile = () => {
      throw Object.assign(new Error('no'), { code: 'EACCES' })
    }
    const { problems } = findFiles({ env: {}, flags: { config: '/x' }, cwd: '/w', home: '/h', readFile })
    expect(problems).toEqual([{ file: '/x', path: '', message: 'cannot be read (EACCES)' }])
  })

  test('with the other ending is not overlooked in silence', () => {
    expect(find(['/w/tollgate.yml']).warnings[0]?.message).toContain('rename it to tollgate.yaml')
  })
})

describe('a profile', () => {
  test('adds the file beside the one that was found', () => {
    expect(
      paths(find(['/c/my.yaml', '/c/my.live.yaml'], { TGW_PROFILE: 'live' }, { config: '/c/my.yaml' })),
    ).toEqual(['/c/my.yaml', '/c/my.live.yaml'])
    expect(paths(find(['/h/.tollgate/tollgate.dev.yaml'], { TGW_PROFILE: 'dev' }))).toEqual([
      '/h/.tollgate/tollgate.dev.yaml',
    ])
  })

  test('without a file is warned of', () => {
    const { problems, warnings } = find(['/w/tollgate.yaml'], { TGW_PROFILE: 'test' })
    expect(problems).toEqual([])
    expect(warnings[0]?.message).toBe('names the profile `test`, but there is no /w/tollgate.test.yaml')
  })

  test('must be one that there is', () => {
    expect(find([], { TGW_PROFILE: 'lvie' }).problems[0]?.message).toBe(
      'must be one of `dev`, `test`, `live`, did you mean `live`?',
    )
  })
})

test('files that may appear later are named, for watching', () => {
  expect(find(['/w/tollgate.yaml'], { TGW_PROFILE: 'test' }).candidates).toEqual([
    '/w/tollgate.yaml',
    '/h/.tollgate/tollgate.yaml',
    '/w/tollgate.test.yaml',
  ])
})
