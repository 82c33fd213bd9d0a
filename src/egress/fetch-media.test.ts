import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createMediaFetcher, isGlobalAddress } from './index.ts'

let answered = 0
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    answered++
    const { pathname, searchParams } = new URL(request.url)
    switch (pathname) {
      case '/picture':
        return new Response(new Uint8Array([1, 2, 3]), { headers: { 'content-type': 'image/png' } })
      case '/to':
        return Response.redirect(searchParams.get('url') ?? '', 302)
      case '/round':
        return Response.redirect('/round', 302)
      case '/large':
        return new Response(new Uint8Array(5000))
      case '/endless':
        return new Response(
          new ReadableStream({
            pull(controller) {
              controller.enqueue(new Uint8Array(1000))
            },
          }),
        )
      case '/drip':
        return new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(new Uint8Array(10))
            },
          }),
        )
      case '/slow':
        await new Promise((resolve) => request.signal.addEventListener('abort', resolve))
        return new Response('late')
      default:
        return new Response(request.headers.get('host'), { status: 404 })
    }
  },
})
afterAll(() => server.stop(true))

const { port } = server
/** Every host is this machine, and only that counts as public. */
const fetchMedia = createMediaFetcher({
  resolve: async () => ['127.0.0.1'],
  isAllowed: (address) => address === '127.0.0.1',
  maximumBytes: 4000,
  timeoutMs: 400,
})
const at = (path: string) => `http://media.example.test:${port}${path}`

describe('fetching media', () => {
  test('gives the bytes and what the server says of them', async () => {
    expect(await fetchMedia(at('/picture'))).toEqual({
      bytes: Buffer.from([1, 2, 3]),
      contentType: 'image/png',
    })
  })

  test('connects to the address that was checked, whatever the name says later', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1']]
    const once = createMediaFetcher({
      resolve: async () => answers.shift() ?? [],
      isAllowed: (address) => address === '127.0.0.1',
    })
    expect((await once(at('/picture'))).bytes.length).toBe(3)
    expect(answers.length).toBe(1)
  })

  test('does not connect into private networks, by name or number', async () => {
    const before = answered
    const guarded = createMediaFetcher({ resolve: async () => ['127.0.0.1'] })
    for (const url of [
      at('/picture'),
      `http://127.0.0.1:${port}/picture`,
      `http://2130706433:${port}/picture`,
      `http://0x7f.1:${port}/picture`,
      `http://[::1]:${port}/picture`,
      `http://[::ffff:127.0.0.1]:${port}/picture`,
      'http://169.254.169.254/latest/meta-data',
    ]) {
      await expect(guarded(url)).rejects.toThrow('it is no public address')
    }
    expect(answered).toBe(before)
  })

  test('distrusts a name of which one address leads inside', async () => {
    const mixed = createMediaFetcher({ resolve: async () => ['93.184.216.34', '192.168.0.1'] })
    await expect(mixed('https://media.example.test/x')).rejects.toThrow('it is no public address')
  })

  test('checks every redirect again', async () => {
    expect((await fetchMedia(at(`/to?url=${encodeURIComponent(at('/picture'))}`))).bytes.length).toBe(3)
    const inside = encodeURIComponent(`http://127.0.0.2:${port}/picture`)
    await expect(fetchMedia(at(`/to?url=${inside}`))).rejects.toThrow(
      'media at 127.0.0.2 cannot be fetched: it is no public address',
    )
    await expect(fetchMedia(at(`/to?url=${encodeURIComponent('file:///etc/passwd')}`))).rejects.toThrow(
      'only http and https are fetched',
    )
    await expect(fetchMedia(at('/round'))).rejects.toThrow('it redirects too often')
  })

  test('stops at the largest size, told or not', async () => {
    await expect(fetchMedia(at('/large'))).rejects.toThrow('it is larger than 4000 bytes')
    await expect(fetchMedia(at('/endless'))).rejects.toThrow('it is larger than 4000 bytes')
  })

  test('gives up in time, and at once when the client does', async () => {
    await expect(fetchMedia(at('/slow'))).rejects.toThrow('it takes too long')
    await expect(fetchMedia(at('/drip'))).rejects.toThrow('it takes too long')
    const leaving = new AbortController()
    const waiting = fetchMedia(at('/slow'), leaving.signal)
    leaving.abort(new Error('client gone'))
    await expect(waiting).rejects.toThrow('client gone')
  })

  test('says what failed, without the path', async () => {
    await expect(fetchMedia(at('/secret-token'))).rejects.toThrow(
      'media at media.example.test cannot be fetched: it answers with status 404',
    )
    await expect(fetchMedia('http://media.example.test:1/x')).rejects.toThrow('it cannot be reached')
    await expect(fetchMedia('not a url')).rejects.toThrow('media has an address that is no url')
    await expect(fetchMedia('ftp://a/b')).rejects.toThrow('only http and https are fetched')
    await expect(fetchMedia('https://user:pass@a/b')).rejects.toThrow('its address holds a password')
  })

  test('tells a name that cannot be resolved as such', async () => {
    const lost = createMediaFetcher({
      resolve: async () => {
        throw new Error('ENOTFOUND')
      },
    })
    await expect(lost('https://media.example.test/x')).rejects.toThrow('it cannot be reached')
  })
})

describe('a global address', () => {
  test.each([
    '8.8.8.8',
    '93.184.216.34',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
  ])('%s is one', (address) => expect(isGlobalAddress(address)).toBe(true))

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.168.1.1',
    '198.19.0.1',
    '203.0.113.5',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '2001:db8::1',
    '2001::1',
    '2002:0808:0808::1',
    'localhost',
    '',
  ])('%s is none', (address) => expect(isGlobalAddress(address)).toBe(false))

  test('is found for any text without throwing', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()),
        (text) => typeof isGlobalAddress(text) === 'boolean',
      ),
    )
  })
})
