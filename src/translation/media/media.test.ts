import { describe, expect, test } from 'bun:test'
import type { Capabilities, Part, ProtocolId } from '../../ir/index.ts'
import { everything, requestOf, runPass } from '../settings/context.fixture.ts'
import { documentAsText, inlineMedia, media, mediaTypeOf, mediaTypeOfBase64 } from './index.ts'

const none = { images: false, imageUrls: false, pdf: false, audio: false, video: false }
const png = 'iVBORw0KGgoAAAANSUhEUg=='
const pdf = Buffer.from('%PDF-1.7 …').toString('base64')

const sent = (
  from: ProtocolId,
  part: Part,
  to: ProtocolId,
  capabilities: Partial<Capabilities> = {},
  provider = 'p',
) => {
  const request = requestOf(from, { turns: [{ role: 'user', parts: [part], at: 'messages.0' }] })
  const ran = runPass(media, request, to, capabilities, { provider })
  return { ...ran, parts: ran.request.turns[0]?.parts ?? [], isSame: ran.request === request }
}

const image = (source: Extract<Part, { type: 'image' }>['source']): Part => ({
  type: 'image',
  source,
  at: 'messages.0.content.0',
})
const document = (source: Extract<Part, { type: 'document' }>['source'], more: object = {}): Part => ({
  type: 'document',
  source,
  at: 'messages.0.content.0',
  ...more,
})

describe('pictures', () => {
  test('of a known type go as they are, byte for byte', () => {
    const part = image({ type: 'base64', data: png, mediaType: 'image/png' })
    for (const to of ['openai-chat', 'openai-responses', 'gemini'] as const) {
      expect(sent('anthropic-messages', part, to).isSame).toBe(true)
    }
  })

  test('get the type that their bytes tell, and the usual spelling', () => {
    const [untyped] = sent('openai-chat', image({ type: 'base64', data: png }), 'anthropic-messages').parts
    expect(untyped).toMatchObject({ source: { type: 'base64', data: png, mediaType: 'image/png' } })
    const jpg = image({ type: 'base64', data: '/9j/4AAQ', mediaType: 'image/jpg; charset=x' })
    expect(sent('openai-chat', jpg, 'gemini').parts[0]).toMatchObject({ source: { mediaType: 'image/jpeg' } })
  })

  test('of a format that the target does not know are refused, never converted', () => {
    const gif = image({ type: 'base64', data: 'R0lGODlh', mediaType: 'image/gif' })
    expect(() => sent('anthropic-messages', gif, 'gemini')).toThrow(
      'messages.0.content.0: a picture cannot be said to the provider p: image/gif is not taken',
    )
    const heic = image({ type: 'base64', data: 'AAAA', mediaType: 'image/heic' })
    expect(() => sent('gemini', heic, 'openai-chat')).toThrow('image/heic is not taken')
    expect(sent('anthropic-messages', gif, 'openai-chat').isSame).toBe(true)
  })

  test('at other providers never cross, and those behind an address only where it is fetched', () => {
    expect(() =>
      sent('anthropic-messages', image({ type: 'file', id: 'file_1' }), 'openai-responses'),
    ).toThrow('a file lies at another provider')
    const url = image({ type: 'url', url: 'https://a.example/x.png' })
    expect(sent('openai-chat', url, 'anthropic-messages').isSame).toBe(true)
    expect(() =>
      sent('openai-chat', url, 'gemini', { input: { ...everything.input, imageUrls: false } }),
    ).toThrow('addresses are not fetched there')
    expect(() => sent('gemini', image({ type: 'url', url: 'gs://bucket/x' }), 'openai-chat')).toThrow(
      'only web addresses',
    )
  })

  test('are refused by models that take none', () => {
    expect(() =>
      sent('anthropic-messages', image({ type: 'base64', data: png }), 'openai-chat', { input: none }),
    ).toThrow('this model takes none')
  })

  test('in tool results count as the users where the target moves them there', () => {
    const part: Part = {
      type: 'tool-result',
      kind: 'function',
      callId: 'c',
      content: [image({ type: 'base64', data: png })],
    }
    const ran = sent('anthropic-messages', part, 'openai-chat', { toolResults: none })
    expect(ran.parts[0]).toMatchObject({ content: [{ source: { mediaType: 'image/png' } }] })
    expect(() => sent('anthropic-messages', part, 'openai-chat', { toolResults: none, input: none })).toThrow(
      'this model takes none',
    )
  })
})

describe('documents', () => {
  const text = document({ type: 'text', text: 'a < b' }, { title: 'T "1" <x>' })

  test('of text go in between markers where there are no documents of text', () => {
    expect(sent('anthropic-messages', text, 'openai-chat').parts).toEqual([
      {
        type: 'text',
        text: '<document index="1" title="T &quot;1&quot; &lt;x>">\na < b\n</document>',
        at: 'messages.0.content.0',
      },
    ])
    expect(sent('anthropic-messages', text, 'gemini').isSame).toBe(true)
    expect(sent('gemini', text, 'anthropic-messages').isSame).toBe(true)
  })

  test('are numbered through the whole request, and a longer history keeps the numbers', () => {
    const turn = (part: Part) => ({ role: 'user', parts: [part] }) as const
    const turns = [turn(document({ type: 'base64', data: pdf, mediaType: 'application/pdf' })), turn(text)]
    const texts = (list: readonly object[]) => JSON.stringify(list)
    const short = runPass(media, requestOf('anthropic-messages', { turns }), 'openai-responses').request.turns
    expect(texts(short)).toContain('index=\\"2\\"')
    const longer = [...turns, turn(text)]
    const long = runPass(media, requestOf('anthropic-messages', { turns: longer }), 'openai-responses')
      .request.turns
    expect(long.slice(0, 2)).toEqual([...short])
  })

  test('of several parts keep their pictures between the markers', () => {
    const picture = image({ type: 'base64', data: png, mediaType: 'image/png' })
    const part = document(
      { type: 'parts', parts: [{ type: 'text', text: 'before' }, picture, { type: 'text', text: 'after' }] },
      { url: 'https://a.example', wantsCitations: true, cache: { ttl: '5m' } },
    )
    const ran = sent('anthropic-messages', part, 'gemini')
    expect(ran.parts).toEqual([
      {
        type: 'text',
        text: '<document index="1" source="https://a.example">\nbefore',
        at: 'messages.0.content.0',
      },
      picture,
      { type: 'text', text: 'after\n</document>', at: 'messages.0.content.0', cache: { ttl: '5m' } },
    ])
    expect(ran.warnings.map(({ feature, path }) => [feature, path])).toEqual([
      ['document citations', 'messages.0.content.0'],
    ])
  })

  test('in base64 that are texts are texts', () => {
    const csv = document({
      type: 'base64',
      data: Buffer.from('a,b').toString('base64'),
      mediaType: 'text/csv',
    })
    expect(sent('openai-responses', csv, 'openai-chat').parts[0]).toMatchObject({
      text: '<document index="1">\na,b\n</document>',
    })
    expect(sent('openai-responses', csv, 'gemini').isSame).toBe(true)
  })

  test('of office programs are for Responses alone', () => {
    const word = document({ type: 'base64', data: 'UEsDBA==', mediaType: 'application/msword' })
    expect(sent('gemini', word, 'openai-responses').isSame).toBe(true)
    for (const to of ['openai-chat', 'anthropic-messages', 'gemini'] as const) {
      const from = to === 'gemini' ? 'openai-responses' : 'gemini'
      expect(() => sent(from, word, to)).toThrow('application/msword is not taken')
    }
  })

  test('by address go where addresses are taken', () => {
    const part = document({ type: 'url', url: 'https://a.example/x.pdf' })
    expect(sent('anthropic-messages', part, 'openai-responses').isSame).toBe(true)
    expect(() => sent('anthropic-messages', part, 'openai-chat')).toThrow('addresses are not fetched there')
    expect(sent('anthropic-messages', part, 'openai-chat', {}, 'mistral').isSame).toBe(true)
  })

  test('by the id of a file cross between OpenAIs protocols alone', () => {
    const part = document({ type: 'file', id: 'file-1' })
    expect(sent('openai-chat', part, 'openai-responses').isSame).toBe(true)
    expect(() => sent('openai-chat', part, 'anthropic-messages')).toThrow('a file lies at another provider')
    expect(() => sent('anthropic-messages', part, 'openai-responses')).toThrow(
      'a file lies at another provider',
    )
  })

  test('of PDF are refused by models that read none', () => {
    const part = document({ type: 'base64', data: pdf })
    expect(sent('openai-chat', part, 'anthropic-messages').parts[0]).toMatchObject({
      source: { mediaType: 'application/pdf' },
    })
    expect(() => sent('openai-chat', part, 'anthropic-messages', { input: none, toolResults: none })).toThrow(
      'this model takes no PDF',
    )
  })

  test('hold no secret beside what they say of themselves', () => {
    expect(
      documentAsText(
        { type: 'document', source: { type: 'parts', parts: [{ type: 'json', json: '{}' }] } },
        1,
      ),
    ).toBe(undefined)
  })
})

describe('sound and video', () => {
  const sound: Part = { type: 'audio', source: { type: 'base64', data: 'UklGRgAAAABXQVZF' } }

  test('go where the model takes them, in the formats that it takes', () => {
    expect(sent('gemini', sound, 'openai-chat').parts[0]).toMatchObject({
      source: { mediaType: 'audio/wav' },
    })
    const ogg: Part = { type: 'audio', source: { type: 'base64', data: 'T2dnUw==', mediaType: 'audio/ogg' } }
    expect(() => sent('gemini', ogg, 'openai-chat')).toThrow('it takes wav and mp3 as bytes')
    expect(sent('openai-chat', ogg, 'gemini').isSame).toBe(true)
  })

  test('are refused where there is none', () => {
    expect(() => sent('gemini', sound, 'anthropic-messages', { input: none })).toThrow('sound cannot be said')
    const video: Part = { type: 'video', source: { type: 'url', url: 'https://youtu.be/x' } }
    expect(() => sent('gemini', video, 'openai-responses', { input: none })).toThrow('a video cannot be said')
  })

  test('that were spoken by the model are told by their transcript', () => {
    const spoken: Part = { type: 'audio', source: { type: 'file', id: 'audio_1' }, transcript: 'hello' }
    const ran = sent('openai-chat', spoken, 'gemini')
    expect([ran.parts, ran.warnings.map(({ feature }) => feature)]).toEqual([
      [{ type: 'text', text: 'hello' }],
      ['sound'],
    ])
  })
})

describe('fetching before the passes', () => {
  const bytesOf = (base64: string) => Buffer.from(base64, 'base64')
  const fetched: string[] = []
  const fetchMedia = async (url: string) => {
    fetched.push(url)
    if (url.endsWith('.html')) return { bytes: Buffer.from('<html>'), contentType: 'image/png' }
    if (url.endsWith('.txt')) return { bytes: Buffer.from('words'), contentType: 'text/plain; charset=utf-8' }
    return { bytes: bytesOf(url.endsWith('.pdf') ? pdf : png), contentType: 'application/octet-stream' }
  }
  const noUrls = { ...everything, input: { ...everything.input, imageUrls: false }, toolResults: none }
  const inline = (parts: readonly Part[], protocol: ProtocolId, capabilities: Capabilities = noUrls) =>
    inlineMedia(requestOf('anthropic-messages', { turns: [{ role: 'user', parts }] }), {
      target: { protocol, provider: 'p', capabilities },
      fetchMedia,
    })

  test('puts bytes in the place of addresses that the target does not fetch, each once', async () => {
    fetched.length = 0
    const picture = image({ type: 'url', url: 'https://a.example/x' })
    const result: Part = { type: 'tool-result', kind: 'function', content: [picture] }
    const { turns } = await inline(
      [picture, result, document({ type: 'url', url: 'https://a.example/y.pdf' })],
      'gemini',
    )
    expect(fetched).toEqual(['https://a.example/x', 'https://a.example/y.pdf'])
    const inlined = { source: { type: 'base64', data: png, mediaType: 'image/png' } }
    expect(turns[0]?.parts).toMatchObject([
      inlined,
      { content: [inlined] },
      { source: { type: 'base64', data: pdf, mediaType: 'application/pdf' } },
    ])
  })

  test('fetches nothing where nothing has to be', async () => {
    fetched.length = 0
    const request = requestOf('openai-chat', {
      turns: [{ role: 'user', parts: [image({ type: 'url', url: 'https://a.example/x' })] }],
    })
    const target = { protocol: 'anthropic-messages', provider: 'p', capabilities: everything } as const
    expect(await inlineMedia(request, { target, fetchMedia })).toBe(request)
    expect(fetched).toEqual([])
  })

  test('takes a text as a document, by what the server says of it', async () => {
    const { turns } = await inline([document({ type: 'url', url: 'https://a.example/x.txt' })], 'openai-chat')
    expect(turns[0]?.parts[0]).toMatchObject({ source: { mediaType: 'text/plain' } })
  })

  test('believes bytes and not headers', async () => {
    await expect(inline([image({ type: 'url', url: 'https://a.example/x.html' })], 'gemini')).rejects.toThrow(
      'messages.0.content.0: what lies there is no image (of no known type)',
    )
  })

  test('names the place of what could not be fetched', async () => {
    const many = Array.from({ length: 21 }, (_, index) =>
      image({ type: 'url', url: `https://a.example/${index}` }),
    )
    await expect(inline(many, 'gemini')).rejects.toMatchObject({
      code: 'gateway_media_unavailable',
      param: 'messages.0.content.0',
    })
  })
})

describe('the type of bytes', () => {
  test.each([
    [png, 'image/png'],
    ['/9j/4AAQSkZJRg==', 'image/jpeg'],
    ['R0lGODlhAQABAA==', 'image/gif'],
    [Buffer.from('RIFF\0\0\0\0WEBPVP8 ').toString('base64'), 'image/webp'],
    [Buffer.from('\0\0\0\x18ftypheic').toString('base64'), 'image/heic'],
    [pdf, 'application/pdf'],
    [Buffer.from('ID3\x03').toString('base64'), 'audio/mpeg'],
    [Buffer.from([0xff, 0xfb, 0x90]).toString('base64'), 'audio/mpeg'],
    [Buffer.from('RIFF\0\0\0\0WAVEfmt ').toString('base64'), 'audio/wav'],
    [Buffer.from('\0\0\0\x18ftypmp42').toString('base64'), 'video/mp4'],
    [Buffer.from('hello').toString('base64'), undefined],
    ['', undefined],
  ] as const)('%s', (data, type) => {
    expect(mediaTypeOfBase64(data)).toBe(type)
    expect(mediaTypeOf(Buffer.from(data, 'base64'))).toBe(type)
  })
})
