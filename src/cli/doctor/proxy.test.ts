import { describe, expect, test } from 'bun:test'
import { checkProxy, proxyFor } from './proxy.ts'

describe('the proxy of a call', () => {
  const https = new URL('https://api.openai.com')

  test('comes from the variable of its scheme, in either case', () => {
    expect(proxyFor(https, { HTTPS_PROXY: 'http://proxy.example:3128' })).toEqual({
      hostname: 'proxy.example',
      port: 3128,
    })
    expect(proxyFor(https, { https_proxy: 'proxy.example' })).toEqual({ hostname: 'proxy.example', port: 80 })
    expect(proxyFor(https, { HTTP_PROXY: 'http://proxy.example:3128' })).toBeUndefined()
  })

  test('is none for a host, a domain or everything in NO_PROXY', () => {
    for (const list of ['api.openai.com', '.openai.com', 'x.example, openai.com', '*'])
      expect(proxyFor(https, { HTTPS_PROXY: 'http://proxy.example', NO_PROXY: list })).toBeUndefined()
    expect(proxyFor(https, { HTTPS_PROXY: 'http://proxy.example', NO_PROXY: 'ai.com' })).toBeDefined()
  })
})

test('a proxy that counts for this machine too is pointed out, and a broken one is wrong', () => {
  expect(checkProxy({})).toMatchObject([{ state: 'ok' }])
  expect(checkProxy({ HTTPS_PROXY: 'http://proxy.example' })).toMatchObject([{ state: 'note' }])
  expect(checkProxy({ HTTPS_PROXY: 'http://proxy.example', NO_PROXY: '127.0.0.1,localhost' })).toMatchObject([
    { state: 'ok' },
  ])
  expect(checkProxy({ HTTPS_PROXY: 'http://[' })).toMatchObject([{ state: 'wrong' }])
})
