/** The firewall in a real gateway: every protocol to every other, to a provider that answers with what it was asked. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Turn } from '../../src/ir/index.ts'
import {
  ledgerEntries,
  oneCall,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { answerOf, askAs, callOf, textOf } from '../support/mirror-client.ts'
import { type MirrorUpstream, startMirror } from '../support/mirror-upstream.ts'
import { runTgw } from '../support/run-tgw.ts'
import { githubToken } from '../support/test-secrets.ts'
import { casePairs, type TranslationCase, translationCases } from './translation-cases.ts'

setDefaultTimeout(60_000)

let mirror: MirrorUpstream
let gateway: TestGateway

const token = githubToken('firewall')
const codename = 'Operation "Bluebird"\n\\ süß'
const employee = 'EMP-417233'
const secrets = [token, employee, codename.slice(0, 9)]

const config = (url: string): readonly string[] => [
  ...oneCall,
  'providers:',
  ...translationCases.map((one) => `  ${one.provider}: ${one.config(url)}`),
  'routes:',
  ...translationCases.map(
    ({ provider }) =>
      `  - { match: "quiet-${provider}", firewall: { input: off, output: off }, targets: [{ provider: ${provider}, model: m }] }`,
  ),
  '  - { match: shadowed, targets: [{ provider: chat, model: m }], shadow: { provider: responses, model: m, share: 1 } }',
  'firewall:',
  '  input: redact',
  '  output: off',
  '  secrets: reversible',
  '  custom:',
  "    - { id: employees, type: EMPLOYEE, pattern: 'EMP-[0-9]{6}' }",
  `    - { id: codenames, type: CODENAME, words: [${JSON.stringify(codename)}] }`,
  '  overrides:',
  '    - { key: watched, input: monitor, output: monitor }',
  '    - { key: strict, input: enforce, output: enforce }',
  '    - { key: guarded-answers, input: off, output: redact }',
  '  allow: [{ value: EMP-000000 }]',
]

beforeAll(async () => {
  mirror = startMirror()
  gateway = await startGateway({ config: config(mirror.url) })
  mirror.say = (request) => {
    const words = /\[(?:GITHUB_TOKEN|EMPLOYEE|CODENAME)_[0-9A-Z]{6,}\]/g
    const seen = [...new Set(request.match(words) ?? [])]
    return { text: `I heard ${seen.join(' and ')}.`, input: { path: 'notes.txt', content: seen.join('\n') } }
  }
})

afterAll(async () => {
  await gateway.stop()
  await mirror.stop()
})

const turns: readonly Turn[] = [
  { role: 'system', parts: [{ type: 'text', text: `You serve ${employee}.` }], placement: 'preamble' },
  { role: 'user', parts: [{ type: 'text', text: `the token ${token} is for ${codename}` }] },
  {
    role: 'assistant',
    parts: [
      {
        type: 'tool-call',
        id: 'call_0',
        name: 'read_file',
        kind: 'function',
        input: JSON.stringify({ path: `/home/${employee}/x`, note: codename }),
      },
    ],
  },
  {
    role: 'user',
    parts: [
      {
        type: 'tool-result',
        callId: 'call_0',
        name: 'read_file',
        kind: 'function',
        content: [{ type: 'text', text: `GITHUB_TOKEN=${token}\nowner: ${employee}` }],
      },
    ],
  },
]

const requestOf = (model: string, stream: boolean, said: readonly Turn[] = turns) => ({
  model,
  stream,
  turns: said,
  tools: [
    {
      type: 'function' as const,
      name: 'write_file',
      description: said === turns ? `for ${employee}` : 'for all',
      parameters: '{"type":"object","properties":{}}',
    },
    { type: 'function' as const, name: 'read_file', parameters: '{"type":"object","properties":{}}' },
  ],
  maxOutputTokens: 4096,
})

interface Asking {
  readonly model?: string
  readonly stream?: boolean
  readonly key?: string
  readonly turns?: readonly Turn[]
}

const ask = (client: TranslationCase, target: TranslationCase, asking: Asking = {}) => {
  const { stream = false, key, model = `${target.provider}/m` } = asking
  return askAs(gateway, client, requestOf(model, stream, asking.turns), key)
}

const [chat] = translationCases
if (chat === undefined) throw new Error('there are no cases')

const makeKey = async (name: string, options: object = {}): Promise<string> => {
  const made = (await gateway.admin('/keys', {
    method: 'POST',
    body: JSON.stringify({ name, options }),
  })) as { secret: string }
  return made.secret
}

describe('what is redacted', () => {
  test.each(casePairs)(
    '%s: the provider sees none of it, and the client all of it',
    async (_, client, target, stream) => {
      const { response, bytes } = await ask(client, target, { stream })
      expect(response.status).toBe(200)
      const seen = mirror.last()
      for (const secret of secrets) expect(seen).not.toContain(secret)
      for (const type of ['GITHUB_TOKEN', 'EMPLOYEE', 'CODENAME']) expect(seen).toContain(`[${type}_`)
      expect(response.headers.get('x-tollgate-firewall')).toMatch(
        /^secrets;redacted=\d, employees;redacted=\d, codenames;redacted=\d$|^\w+;redacted=\d(?:, \w+;redacted=\d)*$/,
      )
      const answer = answerOf(client, bytes, stream)
      const said = textOf(answer)
      for (const value of [token, codename, employee]) expect(said).toContain(value)
      const { path, content } = callOf(answer) as { path: string; content: string }
      expect(path).toBe('notes.txt')
      for (const value of [token, codename, employee]) expect(content).toContain(value)
      expect(`${said}${content}`).not.toMatch(/\[(?:GITHUB_TOKEN|EMPLOYEE|CODENAME)_/)
    },
  )

  test.each(translationCases.map((one) => [one.protocol, one] as const))(
    '%s: a turn more leaves the bytes of the turns before as they were',
    async (_, client) => {
      await ask(client, client)
      const before = mirror.last()
      const more: readonly Turn[] = [
        ...turns,
        { role: 'assistant', parts: [{ type: 'text', text: `done for ${employee}` }] },
        { role: 'user', parts: [{ type: 'text', text: `and EMP-999999, not EMP-000000` }] },
      ]
      await ask(client, client, { turns: more })
      const after = mirror.last()
      const shared = before.indexOf('owner: ') + 'owner: [EMPLOYEE_000000]'.length
      expect(after.slice(0, shared)).toBe(before.slice(0, shared))
      expect(after).not.toContain('EMP-999999')
      expect(after).toContain('EMP-000000')
    },
  )

  test('is what an organisation calls it: another one’s placeholders say nothing', async () => {
    await ask(chat, chat)
    const [ours = ''] = /\[EMPLOYEE_\w+\]/.exec(mirror.last()) ?? []
    const strangers = (await gateway.admin('/organisations', {
      method: 'POST',
      body: JSON.stringify({ name: 'strangers' }),
    })) as { id: string }
    const key = (await gateway.admin('/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'theirs', organisation: strangers.id }),
    })) as { secret: string }
    await ask(chat, chat, { key: key.secret })
    const [theirs = ''] = /\[EMPLOYEE_\w+\]/.exec(mirror.last()) ?? []
    expect(theirs).toMatch(/^\[EMPLOYEE_/)
    expect(theirs).not.toBe(ours)
    const { bytes } = await ask(chat, chat, {
      key: key.secret,
      turns: [{ role: 'user', parts: [{ type: 'text', text: `what is ${ours}, asks ${'EMP-555555'}?` }] }],
    })
    const said = textOf(answerOf(chat, bytes, false))
    expect(said).toContain(ours)
    expect(said).toContain('EMP-555555')
    expect(said).not.toContain(employee)
  })

  test('is redacted where tokens are counted and where texts become vectors', async () => {
    const post = (path: string, body: object) =>
      fetch(gateway.url + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${testKey}`,
          'content-type': 'application/json',
          'anthropic-version': '2023-06-01',
        },
        body: JSON.stringify(body),
      })
    await post('/v1/messages/count_tokens', {
      model: 'anthropic-like/m',
      messages: [{ role: 'user', content: `for ${employee}` }],
    })
    expect(mirror.last()).toContain('[EMPLOYEE_')
    await post('/v1/embeddings', { model: 'chat/m', input: ['a', `for ${employee}`] })
    expect(mirror.last()).toContain('[EMPLOYEE_')
    expect(mirror.last()).not.toContain(employee)
  })
})

test('a copy for comparison is redacted as the client’s own request was', async () => {
  mirror.seen.length = 0
  const { response } = await ask(chat, chat, { model: 'shadowed' })
  expect(response.status).toBe(200)
  const copy = await waitFor(() => mirror.seen.find(({ path }) => path.startsWith('/responses/')))
  const body = new TextDecoder().decode(copy.body)
  for (const secret of secrets) expect(body).not.toContain(secret)
  expect(body).toContain('[EMPLOYEE_')
})

describe('a policy that only watches', () => {
  let key: string
  beforeAll(async () => {
    key = await makeKey('watched')
  })

  test.each(
    translationCases.flatMap((one) =>
      [false, true].map(
        (stream) => [`${one.protocol}, ${stream ? 'streamed' : 'whole'}`, one, stream] as const,
      ),
    ),
  )('%s: changes no byte of request and answer, and tells', async (_, client, stream) => {
    const say = mirror.say
    mirror.say = () => ({
      text: `EMP-123456 and ${employee}, ${githubToken('said')}`,
      input: { a: 'EMP-654321' },
    })
    const quiet = await ask(client, client, {
      model: `quiet-${client.provider}`,
      stream,
      key: await makeKey('other'),
    })
    const asked = mirror.last()
    const watched = await ask(client, client, { model: `${client.provider}/m`, stream, key })
    mirror.say = say
    expect(mirror.last().replaceAll('/m"', '"')).toBe(asked.replaceAll('/m"', '"'))
    expect(Buffer.from(watched.bytes).equals(quiet.bytes)).toBe(true)
    expect(quiet.response.headers.get('x-tollgate-firewall')).toBeNull()
    expect(watched.response.headers.get('x-tollgate-firewall')).toContain('employees;reported=')
    const id = watched.response.headers.get('x-tollgate-request-id')
    const entry = await waitFor(async () =>
      (await ledgerEntries(gateway)).find(({ exchange }) => exchange === id),
    )
    const evidence = JSON.parse(entry.firewall ?? '[]') as {
      direction: string
      detector: string
      count: number
    }[]
    // What the client sent itself is no news in an answer.
    expect(evidence.filter(({ direction }) => direction === 'output')).toEqual([
      expect.objectContaining({ detector: 'secrets', type: 'GITHUB_TOKEN', count: 1, action: 'reported' }),
      expect.objectContaining({ detector: 'employees', count: 2 }),
    ])
    expect(JSON.stringify(entry)).not.toContain('EMP-')
  })
})

describe('a policy that refuses', () => {
  let key: string
  beforeAll(async () => {
    key = await makeKey('strict')
  })

  test.each(translationCases.map((one) => [one.protocol, one] as const))(
    '%s: says who found what and where, never the value, and asks nobody',
    async (_, client) => {
      const calls = mirror.seen.length
      const { response, bytes } = await ask(client, client, { key })
      expect(response.status).toBe(400)
      const said = new TextDecoder().decode(bytes)
      expect(said).toContain('the firewall refuses the request: employees found EMPLOYEE in ')
      for (const secret of secrets) expect(said).not.toContain(secret)
      expect(response.headers.get('x-tollgate-error')).toBe('gateway_firewall_refused')
      expect(response.headers.get('x-tollgate-firewall')).toContain('employees;refused=')
      expect(mirror.seen.length).toBe(calls)
    },
  )

  test.each(casePairs)(
    '%s: an answer that holds what is forbidden is not said',
    async (_, client, target, stream) => {
      const say = mirror.say
      const before = 'a '.repeat(400)
      mirror.say = () => ({ text: `${before}EMP-123456 and more`, input: {} })
      const { response, bytes } = await ask(client, target, {
        key,
        stream,
        turns: [{ role: 'user', parts: [{ type: 'text', text: 'hello' }] }],
      })
      mirror.say = say
      const said = new TextDecoder().decode(bytes)
      expect(said).not.toContain('EMP-123456')
      expect(said).not.toContain('and more')
      expect(said).toContain('the firewall ends this answer: employees found EMPLOYEE')
      expect(response.status).toBe(stream ? 200 : 400)
    },
  )
})

describe('answers that are redacted', () => {
  test.each(casePairs)('%s: new values become placeholders', async (_, client, target, stream) => {
    const key = await makeKey('guarded-answers')
    const say = mirror.say
    const long = 'b'.repeat(700)
    mirror.say = () => ({ text: `x EMP-123456 y ${long} EMP-222222`, input: { who: 'EMP-333333' } })
    const { bytes } = await ask(client, target, { key, stream })
    mirror.say = say
    expect(new TextDecoder().decode(bytes)).not.toMatch(/EMP-(?:123456|222222|333333)/)
    const answer = answerOf(client, bytes, stream)
    expect(textOf(answer)).toMatch(/^x \[EMPLOYEE_\w+\] y b{700} \[EMPLOYEE_\w+\]$/)
    expect(callOf(answer)).toEqual({ who: expect.stringMatching(/^\[EMPLOYEE_\w+\]$/) })
  })
})

describe('people', () => {
  test('try a text and see what was found, over the command line', async () => {
    const file = join(gateway.dataDir, 'notes.md')
    writeFileSync(file, `first line\nfor ${employee} and ${token}\n`)
    const shown = await runTgw(gateway, 'firewall', 'test', file)
    expect(shown).toMatchObject({ code: 0, error: '' })
    expect(shown.out).toMatch(/^first line\nfor \[EMPLOYEE_\w+\] and \[GITHUB_TOKEN_\w+\]\n$/)
    const explained = await runTgw(gateway, 'firewall', 'test', file, '--explain')
    expect(explained.out).toMatch(/2:5 +employees +EMPLOYEE +employees +1.00 +redacted/)
    expect(explained.out).not.toContain(employee)
    const refused = await runTgw(gateway, 'firewall', 'test', file, '--key', 'strict')
    expect(refused.code).toBe(1)
    const report = await runTgw(gateway, 'firewall', 'report', '--by-key')
    expect(report.out).toMatch(/watched +employees +EMPLOYEE +output +reported +\d+ +\d+/)
    expect(report.out).toMatch(/strict +employees +EMPLOYEE +input +refused/)
  })

  test('see it in metrics', async () => {
    const metrics = await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${gateway.adminToken}` },
    })
    expect(await metrics.text()).toMatch(
      /tollgate_firewall_findings_total\{detector="employees",type="EMPLOYEE",direction="input",action="redacted"\} \d+/,
    )
  })

  test('give a key a policy of its own, and change what is looked for while it runs', async () => {
    const key = await makeKey('free', { firewall: 'off' })
    await ask(chat, chat, { key })
    expect(mirror.last()).toContain(employee)
    writeFileSync(
      gateway.configFile,
      [
        `data_dir: ${gateway.dataDir}`,
        'listen: { port: 0 }',
        ...config(mirror.url).map((line) => line.replace('EMP-[0-9]{6}', 'EMP-[0-9]{4}')),
      ].join('\n'),
    )
    await gateway.admin('/config/reload', { method: 'POST' })
    await ask(chat, chat)
    expect(mirror.last()).toMatch(/\[EMPLOYEE_\w+\]33/)
  })
})

test('neither logs nor files of the gateway hold a value', async () => {
  const log = gateway.log()
  for (const secret of secrets) expect(log).not.toContain(secret)
})

describe('a provider that does not speak its protocol', () => {
  test('is heard as it is where nothing must be looked at, and not at all where it must', async () => {
    const { answer } = mirror
    mirror.answer = () =>
      new Response('data: {"choices": [{"delta": {"content": 7}}]}\n\ndata: nonsense EMP-888888\n\n', {
        headers: { 'content-type': 'text/event-stream' },
      })
    const heard = await ask(chat, chat, { stream: true })
    expect(new TextDecoder().decode(heard.bytes)).toContain('nonsense EMP-888888')
    const key = await makeKey('guarded-answers')
    const refused = await ask(chat, chat, { stream: true, key })
    expect(new TextDecoder().decode(refused.bytes)).not.toContain('EMP-888888')
    mirror.answer = answer
  })
})
