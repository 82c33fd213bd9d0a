/** The client for Presidio against a real analyzer: `TGW_PRESIDIO=1` installs one from PyPI, which takes minutes. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { createAsker } from '../../src/egress/index.ts'
import { createPresidioRecogniser, isPresidioHealthy, type SidecarFault } from '../../src/firewall/index.ts'
import { root, startGateway } from '../support/gateway.ts'
import { startMirror } from '../support/mirror-upstream.ts'
import { announceSkip } from '../support/shared.ts'

const longestStart = 600_000
const isWanted = process.env['TGW_PRESIDIO'] === '1' && Bun.which('python3') !== null
if (!isWanted) {
  announceSkip('a real Presidio analyzer', 'TGW_PRESIDIO=1 and python3 install and start one from PyPI')
}

const ask = createAsker({ reach: 'anywhere' })
const { signal } = new AbortController()
let server: Bun.Subprocess<'ignore', 'pipe', 'inherit'> | undefined
let url = ''

/** The address that the server says it listens on, once it does. */
const addressOf = async (said: ReadableStream<Uint8Array>): Promise<string> => {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of said) {
    text += decoder.decode(chunk, { stream: true })
    const [, address] = /presidio analyzer on (http:\S+)\n/.exec(text) ?? []
    if (address !== undefined) return address
  }
  throw new Error(`presidio did not start: ${text.slice(-500)}`)
}

beforeAll(async () => {
  if (!isWanted) return
  server = Bun.spawn(
    [join(root, 'packaging/presidio/start.sh'), '--port', '0', '--language', 'en', '--language', 'de'],
    {
      env: {
        ...process.env,
        TGW_PRESIDIO_VENV:
          process.env['TGW_PRESIDIO_VENV'] ?? join(root, 'node_modules/.cache/tollgate-presidio'),
      },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
    },
  )
  url = await addressOf(server.stdout)
}, longestStart)

afterAll(async () => {
  server?.kill()
  await server?.exited
})

describe.skipIf(!isWanted)('presidio', () => {
  test('it is healthy', async () => {
    expect(await isPresidioHealthy({ ask, url })).toBe(true)
  })

  test('what it finds lies where it says, behind emoji too, in a batch', async () => {
    const recogniser = createPresidioRecogniser({ id: 'presidio', url, ask, timeoutMs: 60_000 })
    const texts = [
      '😀👩‍👩‍👧 mail dan@acme-corp.io or pay with 4111111111111111 🎉',
      'nothing at all',
      '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 IBAN DE89370400440532013000',
    ]
    const found = await recogniser.recognise(texts, { signal })
    expect(
      found.map((list, index) => list.map(({ type, start, end }) => [type, texts[index]?.slice(start, end)])),
    ).toEqual([
      [
        ['EMAIL_ADDRESS', 'dan@acme-corp.io'],
        ['CREDIT_CARD', '4111111111111111'],
      ],
      [],
      [['IBAN_CODE', 'DE89370400440532013000']],
    ])
  }, 60_000)

  test('only what is asked for, in the language that is told', async () => {
    const options = { id: 'presidio', url, ask, timeoutMs: 60_000 }
    const text = 'dan@acme-corp.io, 4111111111111111'
    const cards = createPresidioRecogniser({ ...options, entities: ['CREDIT_CARD'] })
    const [found] = await cards.recognise([text], { signal, language: 'en' })
    expect(found?.map(({ type }) => type)).toEqual(['CREDIT_CARD'])
    const [german] = await createPresidioRecogniser(options).recognise([text], { signal, language: 'de' })
    expect(german?.map(({ type }) => type)).toContain('EMAIL_ADDRESS')
  }, 60_000)

  test('a language that it does not have is a fault', async () => {
    const recogniser = createPresidioRecogniser({ id: 'presidio', url, ask, timeoutMs: 60_000 })
    const fault = await recogniser
      .recognise(['text'], { signal, language: 'xx' })
      .catch((error: SidecarFault) => error)
    expect(fault).toMatchObject({ name: 'SidecarFault', reason: 'status', status: 500 })
  }, 60_000)

  test('a gateway keeps what it finds from the provider, and puts it back', async () => {
    const mirror = startMirror()
    mirror.say = (request) => ({ text: `I heard ${/\[IBAN_CODE_\w+\]/.exec(request)?.[0]}`, input: {} })
    const gateway = await startGateway({
      config: [
        `providers: { chat: { kind: openai-compatible, protocols: [openai-chat], base_url: '${mirror.url}/chat/v1', api_key: none } }`,
        'firewall:',
        '  input: off',
        `  sidecars: [{ id: names, kind: presidio, url: '${url}', timeout: 60s, entities: [IBAN_CODE] }]`,
        '  detectors: { names: { input: redact } }',
      ],
    })
    try {
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'chat/m',
          messages: [{ role: 'user', content: '😀👩‍👩‍👧 pay to DE89370400440532013000 🎉' }],
        }),
      })
      expect(response.status).toBe(200)
      expect(response.headers.get('x-tollgate-firewall')).toBe('names;redacted=1')
      expect(mirror.last()).toMatch(/😀👩‍👩‍👧 pay to \[IBAN_CODE_\w+\] 🎉/u)
      expect(await response.text()).toContain('I heard DE89370400440532013000')
    } finally {
      await gateway.stop()
      await mirror.stop()
    }
  }, 120_000)
})
