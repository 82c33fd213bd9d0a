/** The compressor in a real gateway: what providers see of code that people paste, in every protocol. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { GenerateRequest, Part, Turn } from '../../src/ir/index.ts'
import {
  ledgerEntries,
  oneCall,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { answerOf, textOf } from '../support/mirror-client.ts'
import { generateCodec, type MirrorUpstream, startMirror } from '../support/mirror-upstream.ts'
import { askAnew, untilTeam } from '../support/team.ts'
import { type TranslationCase, translationCases } from './translation-cases.ts'

setDefaultTimeout(60_000)

let mirror: MirrorUpstream
let gateway: TestGateway

const config = (url: string): readonly string[] => [
  ...oneCall,
  'providers:',
  ...translationCases.map((one) => `  ${one.provider}: ${one.config(url)}`),
  'routes:',
  ...translationCases.flatMap(({ provider }) =>
    ['on', 'off', 'request'].map(
      (mode) =>
        `  - { match: "${mode}-${provider}", compress: ${mode === 'request' ? 'request' : `"${mode}"`}, targets: [{ provider: ${provider}, model: m }] }`,
    ),
  ),
  'compress: { mode: request }',
  'firewall:',
  '  input: redact',
  '  output: off',
  '  custom:',
  "    - { id: employees, type: EMPLOYEE, pattern: 'EMP-[0-9]{6}' }",
]

beforeAll(async () => {
  mirror = startMirror()
  mirror.say = (request) => ({
    text: `I heard ${/\[EMPLOYEE_\w+\]/.exec(request)?.[0] ?? 'nothing'}.`,
    input: {},
  })
  gateway = await startGateway({ config: config(mirror.url) })
})

afterAll(async () => {
  await gateway.stop()
  await mirror.stop()
})

const code = '// Package a does things.\npackage a\n\nfunc f() int { // one\n\treturn 1 /* two */\n}\n'
const short = 'package a\n\nfunc f() int {\n\treturn 1\n}\n'
const pasted = (inside: string): string => `What does\n\`\`\`go\n${inside}\`\`\`\ndo? // not code\n`

const says = (role: 'user' | 'assistant', text: string, more: Partial<Part> = {}): Turn => ({
  role,
  parts: [{ type: 'text', text, ...more } as Part],
})

type Asked = Partial<Omit<GenerateRequest, 'protocol' | 'sampling'>>

interface Asking extends Asked {
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Of the body, just before it is sent. */
  readonly change?: (body: string) => string
}

const askThrough = async (url: string, client: TranslationCase, asking: Asking = {}) => {
  const { key = testKey, headers = {}, change = (body) => body, ...request } = asking
  const { protocol, provider } = client
  const {
    model = `on-${provider}`,
    stream = false,
    turns = [says('user', pasted(code))],
    tools = [],
  } = request
  const { body } = generateCodec(protocol).encodeRequest(
    { maxOutputTokens: 4096, ...request, model, stream, turns, tools, protocol, sampling: {} },
    { model, stream },
  )
  // Of several workers, each connection may meet another.
  const response = await askAnew(url + client.path(model, stream), {
    method: 'POST',
    headers: {
      ...{
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
      },
      ...headers,
    },
    body: change(body),
  })
  const bytes = await response.bytes()
  expect(response.status).toBe(200)
  return {
    response,
    bytes,
    sent: change(body),
    seen: mirror.last(),
    header: response.headers.get('x-tollgate-compress'),
  }
}

const ask = (client: TranslationCase, asking: Asking = {}) => askThrough(gateway.url, client, asking)

const json = (text: string): string => JSON.stringify(text).slice(1, -1)
const [chat, , messages] = translationCases
if (chat === undefined || messages === undefined) throw new Error('there are no cases')
const each = translationCases.map((one) => [one.protocol, one] as const)

describe('what goes to the provider', () => {
  test.each(each)('%s: the code without its comments, and nothing else changed', async (_, client) => {
    for (const stream of [false, true]) {
      const { sent, seen, header, bytes } = await ask(client, { stream })
      const place = sent.indexOf(json(code))
      expect(place).toBeGreaterThan(0)
      // The model's name is replaced by the route, and a Chat stream is asked for its usage.
      expect(seen).toContain(json(pasted(short)))
      expect(seen).not.toContain('Package a does things')
      const tail = sent.slice(place + json(code).length)
      expect(seen).toContain(json(short) + tail.slice(0, json('```\ndo? // not code\n').length))
      expect(header).toBe(`blocks=1; bytes-before=${code.length}; bytes-after=${short.length}`)
      expect(textOf(answerOf(client, bytes, stream))).toContain('I heard nothing')
    }
  })

  test.each(each)('%s: translated, it is as short', async (_, client) => {
    for (const target of translationCases) {
      const { seen } = await ask(client, { model: `on-${target.provider}` })
      expect(seen).toContain(json(pasted(short)))
      expect(seen).not.toContain('Package a does things')
    }
  })

  test('every byte around the code is the client’s, escapes and blanks too', async () => {
    const text = json(`ü "x" \u00e9\n${pasted(code)}\t😀 </a>`)
      .replaceAll('é', '\\u00e9')
      .replaceAll('</', '<\\/')
    const body = `{ "model" : "on-chat",\n "messages":[ {"role":"user","content":"${text}"} ], "x_later": [1.0, 2e3] }`
    const { seen } = await ask(chat, { change: () => body })
    expect(seen).toBe(body.replace('"on-chat"', '"m"').replace(json(code), json(short)))
  })

  test('several blocks of several languages, and those of others as they are', async () => {
    const python = '```python\nx = 1  # one\n```\n'
    const yaml = '```yaml\nx: 1  # one\n```\n'
    const { seen, header } = await ask(chat, { turns: [says('user', `${pasted(code)}${python}${yaml}`)] })
    expect(seen).toContain(json(`${pasted(short)}\`\`\`python\nx = 1\n\`\`\`\n${yaml}`))
    expect(header).toStartWith('blocks=2; ')
  })

  test('counting tokens counts what would be sent', async () => {
    const body = JSON.stringify({ model: 'on-messages', messages: [{ role: 'user', content: pasted(code) }] })
    const response = await fetch(`${gateway.url}/v1/messages/count_tokens`, {
      method: 'POST',
      headers: {
        'x-api-key': testKey,
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
      },
      body: body.replace('on-messages', `on-${messages.provider}`),
    })
    expect(response.status).toBe(200)
    expect(mirror.last()).toContain(json(pasted(short)))
  })
})

describe('who wants it', () => {
  const isShort = async (asking: Asking) => {
    const { seen, header } = await ask(chat, asking)
    expect(header !== null).toBe(seen.includes(json(short)))
    return header !== null
  }
  const asks = { 'x-tollgate-compress': 'on' }
  const refuses = { 'x-tollgate-compress': 'off' }
  const keyWith = async (compress: string): Promise<string> => {
    const made = (await gateway.admin('/keys', {
      method: 'POST',
      body: JSON.stringify({ name: `compress-${compress}`, options: { compress } }),
    })) as { secret: string }
    return made.secret
  }

  test('the gateway, over it the route', async () => {
    const gatewayModel = `${chat.provider}/m`
    expect(await isShort({ model: gatewayModel })).toBe(false)
    expect(await isShort({ model: gatewayModel, headers: asks })).toBe(true)
    expect(await isShort({ model: 'on-chat' })).toBe(true)
    expect(await isShort({ model: 'on-chat', headers: refuses })).toBe(false)
    expect(await isShort({ model: 'off-chat', headers: asks })).toBe(false)
    expect(await isShort({ model: 'request-chat' })).toBe(false)
    expect(await isShort({ model: 'request-chat', headers: asks })).toBe(true)
  })

  test('over both the key', async () => {
    const on = await keyWith('on')
    const off = await keyWith('off')
    const request = await keyWith('request')
    expect(await isShort({ model: 'off-chat', key: on })).toBe(true)
    expect(await isShort({ model: 'off-chat', key: on, headers: refuses })).toBe(false)
    expect(await isShort({ model: 'on-chat', key: off })).toBe(false)
    expect(await isShort({ model: 'on-chat', key: off, headers: asks })).toBe(false)
    expect(await isShort({ model: 'on-chat', key: request })).toBe(false)
    expect(await isShort({ model: 'off-chat', key: request, headers: asks })).toBe(true)
    expect(await isShort({ model: 'on-chat', key: await keyWith('inherit') })).toBe(true)
  })
})

const tool = (name: string, parameters = '{"type":"object","properties":{"city":{"type":"string"}}}') => ({
  ...{ type: 'function' as const, name, parameters },
})

const sunny = (callId: string): Turn => ({
  role: 'user',
  parts: [
    {
      ...{ type: 'tool-result', callId, name: 'get_weather', kind: 'function' },
      content: [{ type: 'text', text: 'sun' }],
    },
  ],
})

describe('what is never touched', () => {
  const isUntouched = async (client: TranslationCase, asking: Asking) => {
    const { sent, seen, header } = await ask(client, asking)
    expect(header).toBeNull()
    return { sent, seen }
  }

  test.each(each)('%s: requests with tools that may edit files', async (_, client) => {
    for (const name of [
      'Edit',
      'str_replace_based_edit_tool',
      'apply_patch',
      'write_file',
      'replace',
      'Bash',
    ]) {
      const { seen } = await isUntouched(client, { tools: [tool('get_weather'), tool(name)] })
      expect(seen).toContain(json(pasted(code)))
    }
    const schema = '{"type":"object","properties":{"old_string":{"type":"string"}}}'
    await isUntouched(client, { tools: [tool('x', schema)] })
    const { seen } = await ask(client, { tools: [tool('get_weather')] })
    expect(seen).toContain(json(pasted(short)))
  })

  test.each(each)('%s: system prompts, answers, and what tools answered', async (_, client) => {
    const { seen } = await ask(client, {
      turns: [
        { role: 'system', parts: [{ type: 'text', text: `SYS ${pasted(code)}` }], placement: 'preamble' },
        says('user', 'go on'),
        {
          role: 'assistant',
          parts: [
            { type: 'text', text: `ASS ${pasted(code)}` },
            {
              type: 'tool-call',
              id: 'call_0',
              name: 'get_weather',
              kind: 'function',
              input: JSON.stringify({ city: `CALL ${pasted(code)}` }),
            },
          ],
        },
        {
          role: 'user',
          parts: [
            {
              ...{ type: 'tool-result', callId: 'call_0', name: 'get_weather', kind: 'function' },
              content: [{ type: 'text', text: `RES ${pasted(code)}` }],
            },
          ],
        },
        says('assistant', 'fine'),
        says('user', `USER ${pasted(code)}`),
      ],
      tools: [tool('get_weather')],
    })
    for (const place of ['SYS', 'ASS', 'CALL', 'RES']) {
      expect(
        seen.includes(json(`${place} ${pasted(code)}`)) ||
          seen.includes(json(json(`${place} ${pasted(code)}`))),
      ).toBe(true)
    }
    expect(seen).toContain(json(`USER ${pasted(short)}`))
  })

  test('what is marked for a cache, and what stands before it', async () => {
    const cache = { ttl: '5m' as const }
    const { seen, sent } = await ask(messages, {
      turns: [
        says('user', `ONE ${pasted(code)}`),
        says('user', `TWO ${pasted(code)}`, { cache }),
        says('user', `THREE ${pasted(code)}`),
      ],
    })
    expect(sent).toContain('cache_control')
    for (const place of ['ONE', 'TWO']) expect(seen).toContain(json(`${place} ${pasted(code)}`))
    expect(seen).toContain(json(`THREE ${pasted(short)}`))
    await isUntouched(messages, {
      change: (body) => body.replace('{', '{"cache_control":{"type":"ephemeral"},'),
    })
  })

  test('requests whose tools come in the middle of the conversation', async () => {
    const responses = translationCases.find(({ protocol }) => protocol === 'openai-responses')
    if (responses === undefined) throw new Error('there is no such case')
    await isUntouched(responses, {
      change: (body) =>
        body.replace('"input":[', '"input":[{"type":"additional_tools","role":"developer","tools":[]},'),
    })
    await isUntouched(responses, { change: (body) => body.replace('{', '{"prompt":{"id":"pmpt_1"},') })
  })

  test('turns that the provider keeps: nobody sees them here', async () => {
    const responses = translationCases.find(({ protocol }) => protocol === 'openai-responses')
    if (responses === undefined) throw new Error('there is no such case')
    const naming = (member: string) => ({ change: (body: string) => body.replace('{', `{${member},`) })
    const theirs = await ask(responses)
    const { id: known } = JSON.parse(new TextDecoder().decode(theirs.bytes)) as { id: string }
    const { seen } = await isUntouched(responses, naming(`"previous_response_id":${JSON.stringify(known)}`))
    expect(seen).toContain(known)
    await isUntouched(responses, naming(`"conversation":{"id":${JSON.stringify(known)}}`))
    // Some clients write what they do not want.
    const { header } = await ask(responses, naming('"previous_response_id":null,"conversation":null'))
    expect(header).toStartWith('blocks=1; ')
    // What the gateway keeps is in the request by the time that it is looked at.
    const first = await ask(responses, {
      model: `on-${chat.provider}`,
      turns: [says('user', `kept ${pasted(code)}`)],
    })
    const { id } = JSON.parse(new TextDecoder().decode(first.bytes)) as { id: string }
    const second = await ask(responses, {
      ...naming(`"previous_response_id":${JSON.stringify(id)}`),
      model: `on-${chat.provider}`,
      turns: [sunny('call_1'), says('user', `more ${pasted(code)}`)],
    })
    for (const word of ['kept', 'more']) expect(second.seen).toContain(json(`${word} ${pasted(short)}`))
  })

  test.each([
    ['numbers of lines', pasted('1\tpackage a // a\n2\tvar x int\n')],
    ['diffs', '```diff\n-x // a\n+y\n```\n'],
    ['a diff that is called go', pasted('-x() // a\n+y()\n')],
    ['unknown languages', '```cobol\n* a\n```\n'],
    ['broken code', pasted('x := "a // b\n')],
    ['blocks without end', '```go\nx() // a\n'],
    ['code of whose lines somebody speaks', `panic at a.go:4\n${pasted(code)}`],
    ['code that is to be edited by words', `Answer as a unified diff.\n${pasted(code)}`],
  ])('%s', async (_, text) => {
    const { seen } = await isUntouched(chat, { turns: [says('user', text)] })
    expect(seen).toContain(json(text))
  })

  test('agents that describe their edits in the system prompt', async () => {
    const turns: readonly Turn[] = [
      {
        role: 'system',
        parts: [{ type: 'text', text: 'Use *SEARCH/REPLACE* blocks.' }],
        placement: 'preamble',
      },
      says('user', pasted(code)),
    ]
    for (const client of translationCases) await isUntouched(client, { turns })
  })
})

describe('from turn to turn', () => {
  test.each(each)('%s: what was sent stays what it was, byte by byte', async (_, client) => {
    const turns: Turn[] = []
    let before = ''
    for (let turn = 0; turn < 6; turn++) {
      turns.push(says('user', `${turn} ${client.protocol} ${pasted(code)}`))
      const { seen } = await ask(client, { turns })
      expect(seen.split(json(short)).length).toBe(turn + 2)
      const last = json(`${turn - 1} ${client.protocol} ${pasted(short)}`)
      const end = before.indexOf(last) + last.length
      if (turn > 0) expect(seen.slice(0, end)).toBe(before.slice(0, end))
      before = seen
      turns.push(says('assistant', `answer ${turn}`))
    }
  })

  test.each(each)('%s: switched on in the middle, it leaves older turns as they went', async (_, client) => {
    const first = says('user', `late ${client.protocol} ${pasted(code)}`)
    const off = await ask(client, { model: `off-${client.provider}`, turns: [first] })
    expect(off.header).toBeNull()
    const turns = [first, says('assistant', 'ok'), says('user', `then ${pasted(code)}`)]
    for (let again = 0; again < 2; again++) {
      const { seen } = await ask(client, { turns })
      expect(seen).toContain(json(`late ${client.protocol} ${pasted(code)}`))
      expect(seen).toContain(json(`then ${pasted(short)}`))
    }
    const { seen } = await ask(client, { turns: [...turns, says('assistant', 'ok'), says('user', 'bye')] })
    expect(seen).toContain(json(`late ${client.protocol} ${pasted(code)}`))
    expect(seen).toContain(json(`then ${pasted(short)}`))
  })

  test('with another `dedent` than before, older turns go as they went', async () => {
    const lines = config(mirror.url)
    const switched = await startGateway({ config: lines })
    try {
      const dedent = async (isOn: boolean) => {
        const text = readFileSync(switched.configFile, 'utf8')
        const to = `compress: { mode: request, dedent: ${isOn} }`
        writeFileSync(switched.configFile, text.replace(/^compress: .*$/m, to))
        await waitFor(async () => {
          const probe = [says('user', `${crypto.randomUUID()} ${pasted(code)}`)]
          const { seen } = await askThrough(switched.url, chat, { turns: probe })
          return seen.includes(json(short)) !== isOn ? true : undefined
        }, 30_000)
      }
      const bare = 'package a\n\nfunc f() {\n\tg()\n}\n'
      const flat = 'package a\n\nfunc f() {\ng()\n}\n'
      await dedent(true)
      const turns = [says('user', `one ${pasted(bare)}`), says('user', `both ${pasted(code)}`)]
      const { seen: before } = await askThrough(switched.url, chat, { turns })
      expect(before).toContain(json(`one ${pasted(flat)}`))
      await dedent(false)
      const later = [...turns, says('assistant', 'ok'), says('user', `two ${pasted(bare)}`)]
      const { seen } = await askThrough(switched.url, chat, { turns: later })
      const end = before.indexOf(json('do? // not code'), before.indexOf('both'))
      expect(seen.slice(0, end)).toBe(before.slice(0, end))
      expect(seen).toContain(json(`two ${pasted(bare)}`))
    } finally {
      await switched.stop()
    }
  })

  test('one that calls tools between serves the code as it did', async () => {
    const first = says('user', `tools ${pasted(code)}`)
    await ask(chat, { turns: [first], tools: [tool('get_weather')] })
    const { seen } = await ask(chat, {
      turns: [
        first,
        {
          role: 'assistant',
          parts: [{ type: 'tool-call', id: 'c', name: 'get_weather', kind: 'function', input: '{}' }],
        },
        sunny('c'),
      ],
      tools: [tool('get_weather')],
    })
    expect(seen).toContain(json(`tools ${pasted(short)}`))
  })

  test('what another organisation said says nothing', async () => {
    const strangers = (await gateway.admin('/organisations', {
      method: 'POST',
      body: JSON.stringify({ name: 'strangers' }),
    })) as { id: string }
    const { secret: key } = (await gateway.admin('/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'stranger', organisation: strangers.id }),
    })) as { secret: string }
    const turns = [says('user', `mine ${pasted(code)}`)]
    await ask(chat, { turns })
    const later = [...turns, says('assistant', 'ok'), says('user', 'and?')]
    expect((await ask(chat, { turns: later, key })).seen).toContain(json(`mine ${pasted(code)}`))
    expect((await ask(chat, { turns: later })).seen).toContain(json(`mine ${pasted(short)}`))
  })
})

const isLinux = process.platform === 'linux'
if (!isLinux) console.warn('SKIPPED: several workers: only Linux spreads connections over them')

test.skipIf(!isLinux)('workers of one machine serve a conversation in one form', async () => {
  const several = await startGateway({ config: [...config(mirror.url), 'workers: 3'] })
  try {
    await untilTeam(several, 3)
    const turns: Turn[] = []
    for (let turn = 0; turn < 12; turn++) {
      turns.push(says('user', `${turn} of many ${pasted(code)}`))
      const { seen } = await askThrough(several.url, chat, { turns })
      expect(seen.split(json(short)).length).toBe(turn + 2)
      turns.push(says('assistant', `answer ${turn}`))
    }
    const metrics = await askAnew(`${several.url}/metrics`, {
      headers: { authorization: `Bearer ${several.adminToken}` },
    })
    const workers = (await metrics.text()).match(/^tollgate_compressed_blocks_total\{worker="\d+"\} [1-9]/gm)
    expect(workers?.length).toBeGreaterThan(1)
  } finally {
    await several.stop()
  }
})

describe('with the firewall', () => {
  test.each(each)('%s: placeholders in the code go and come back', async (_, client) => {
    const text = pasted('package a // of EMP-417233\n\nconst owner = "EMP-417233" // x\n')
    const { seen, bytes, header } = await ask(client, { turns: [says('user', text)] })
    expect(header).toStartWith('blocks=1; ')
    const [placeholder = ''] = /\[EMPLOYEE_\w+\]/.exec(seen) ?? []
    expect(seen).toContain(json(pasted(`package a\n\nconst owner = "${placeholder}"\n`)))
    expect(seen).not.toContain('417233')
    expect(textOf(answerOf(client, bytes, false))).toBe('I heard EMP-417233.')
  })
})

describe('with the official SDKs', () => {
  test('OpenAI’s and Anthropic’s read the answers, and the header beside them', async () => {
    const content = `sdk ${pasted(code)}`
    const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey, maxRetries: 0 })
    const completion = await openai.chat.completions
      .create({ model: 'on-chat', messages: [{ role: 'user', content }] })
      .withResponse()
    expect(completion.data.choices[0]?.message.content).toBe('I heard nothing.')
    expect(completion.response.headers.get('x-tollgate-compress')).toStartWith('blocks=1; ')
    const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: testKey, maxRetries: 0 })
    const message = await anthropic.messages
      .create(
        { model: 'request-chat', max_tokens: 100, messages: [{ role: 'user', content }] },
        { headers: { 'x-tollgate-compress': 'on' } },
      )
      .withResponse()
    expect(message.data.content[0]).toMatchObject({ type: 'text', text: 'I heard nothing.' })
    expect(message.response.headers.get('x-tollgate-compress')).toStartWith('blocks=1; ')
    expect(mirror.last()).toContain(json(`sdk ${pasted(short)}`))
  })
})

describe('what is written down', () => {
  test('bytes and tokens before and after, in the ledger and its export; and a metric', async () => {
    const { response } = await ask(chat, { turns: [says('user', `ledger ${pasted(code)}`)] })
    const id = response.headers.get('x-tollgate-request-id')
    const entry = (await ledgerEntries(gateway)).find(({ exchange }) => exchange === id)
    expect(entry?.compression).toMatchObject({ bytesBefore: code.length, bytesAfter: short.length })
    const { tokensBefore = 0, tokensAfter = 0 } = entry?.compression ?? {}
    expect(tokensAfter).toBeGreaterThan(5)
    expect(tokensBefore).toBeGreaterThan(tokensAfter)
    const exported = await fetch(`${gateway.url}/api/v1/entries/export?format=jsonl`, {
      headers: { authorization: `Bearer ${gateway.adminToken}` },
    })
    const lines = (await exported.text()).trim().split('\n')
    const line: unknown = JSON.parse(lines.find((one) => one.includes(String(id))) ?? 'null')
    expect(line).toMatchObject({
      ...{ compress_bytes_before: code.length, compress_bytes_after: short.length },
      ...{ compress_tokens_before: tokensBefore, compress_tokens_after: tokensAfter },
    })
    const metrics = await (
      await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${gateway.adminToken}` } })
    ).text()
    expect(metrics).toMatch(/tollgate_compressed_blocks_total [1-9]/)
    expect(metrics).toMatch(/tollgate_compressed_bytes_total\{side="before"\} [1-9]/)
  })

  test('nothing where nothing was done', async () => {
    const { response } = await ask(chat, { turns: [says('user', 'hello')] })
    const id = response.headers.get('x-tollgate-request-id')
    const entry = (await ledgerEntries(gateway)).find(({ exchange }) => exchange === id)
    expect(entry).toMatchObject({ compression: null })
  })
})
