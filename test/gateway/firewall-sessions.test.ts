/** The firewall where a provider keeps the conversation: later requests do not say again what was redacted. */

import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect } from '../../src/ir/index.ts'
import { type SseFrame, sseDecoder } from '../../src/wire/index.ts'
import { oneCall, startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { type KeepingUpstream, numberOf, startKeeping } from '../support/keeping-upstream.ts'
import { generateCodec, type MirrorUpstream, startMirror } from '../support/mirror-upstream.ts'

setDefaultTimeout(60_000)

let keeping: KeepingUpstream
let mirror: MirrorUpstream
let gateway: TestGateway
let strangers: string

const ada = 'EMP-417233'
const bob = 'EMP-900001'
const codename = 'Operation "Bluebird"\n\\ süß'
const values = [ada, bob, 'Bluebird']
const placeholder = /\[(?:EMPLOYEE|CODENAME)_[0-9A-Z]{6,}\]/g

/** Says every placeholder that it knows of, as text and in a call. */
const sayAll = (known: string) => {
  const seen = [...new Set(known.match(placeholder) ?? [])]
  return { text: `I heard ${seen.join(' and ')}.`, input: { path: 'a.txt', content: seen.join('\n') } }
}

const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-test-'))

const startAgain = async (): Promise<void> => {
  gateway = await startGateway({
    dataDir,
    config: [
      ...oneCall,
      'providers:',
      `  keeps: { kind: openai-compatible, protocols: [openai-responses], base_url: "${keeping.url}/x/v1", api_key: sk-a, models: ["m"] }`,
      `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${mirror.url}/chat/v1", api_key: sk-b, models: ["m-chat"] }`,
      `  claude: { kind: anthropic-compatible, base_url: "${mirror.url}/anthropic-like", api_key: sk-c, models: ["m-claude"] }`,
      'firewall:',
      '  input: redact',
      '  output: off',
      '  custom:',
      "    - { id: employees, type: EMPLOYEE, pattern: 'EMP-[0-9]{6}' }",
      `    - { id: codenames, type: CODENAME, words: [${JSON.stringify(codename)}] }`,
      '  overrides:',
      '    - { key: off-now, input: off, output: off }',
      '    - { key: watched, input: monitor, output: monitor }',
      '    - { key: guarded, input: redact, output: redact }',
      '    - { key: strict, detectors: { employees: { input: redact, output: enforce } } }',
    ],
  })
}

beforeAll(async () => {
  keeping = startKeeping()
  mirror = startMirror()
  keeping.say = sayAll
  mirror.say = sayAll
  await startAgain()
  const made = (await gateway.admin('/organisations', {
    method: 'POST',
    body: JSON.stringify({ name: 'strangers' }),
  })) as { id: string }
  strangers = await makeKey('theirs', { organisation: made.id })
})

afterAll(async () => {
  await gateway.stop()
  await keeping.stop()
  await mirror.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const makeKey = async (name: string, more: object = {}): Promise<string> => {
  const made = (await gateway.admin('/keys', {
    method: 'POST',
    body: JSON.stringify({ name, ...more }),
  })) as { secret: string }
  return made.secret
}

const send = (path: string, body?: object, { key = testKey, method = '' } = {}): Promise<Response> =>
  fetch(`${gateway.url}/v1/${path}`, {
    method: method || (body === undefined ? 'GET' : 'POST'),
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

interface Answer {
  readonly id: string
  readonly status: string
  readonly instructions: string | null
  readonly output: readonly {
    readonly id: string
    readonly type: string
    readonly arguments?: string
    readonly content?: readonly { readonly text: string }[]
  }[]
}

const answerOf = async (response: Response): Promise<Answer> => {
  expect(response.status).toBe(200)
  return (await response.json()) as Answer
}

const textOf = ({ output }: Answer): string =>
  output.flatMap(({ content }) => content ?? []).reduce((all, { text }) => all + text, '')

const callOf = ({ output }: Answer): unknown =>
  JSON.parse(output.find(({ type }) => type === 'function_call')?.arguments ?? 'null')

/** Text and call hold these values, and nothing is left of the placeholders. */
const expectSaid = (answer: Answer, said: readonly string[]): void => {
  const { content } = callOf(answer) as { content: string }
  for (const value of said) {
    expect(textOf(answer)).toContain(value)
    expect(content).toContain(value)
  }
  expect(JSON.stringify(answer)).not.toMatch(placeholder)
}

const framesOf = async (response: Response): Promise<readonly SseFrame[]> => {
  expect(response.status).toBe(200)
  const decoder = sseDecoder()
  return [...decoder.push(await response.bytes()), ...decoder.end()]
}

const collected = (frames: readonly SseFrame[]): { readonly text: string; readonly call: unknown } => {
  const decoder = generateCodec('openai-responses').streamDecoder()
  const events = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]
  const { response, error, complete } = collect('openai-responses', events)
  expect(error).toBeUndefined()
  expect(complete).toBe(true)
  const parts = response.choices[0]?.parts ?? []
  const call = parts.find(({ type }) => type === 'tool-call')
  return {
    text: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(''),
    call: call?.type === 'tool-call' ? JSON.parse(call.input) : undefined,
  }
}

const expectNothingSeen = (): void => {
  for (const { body, query } of keeping.seen) {
    const text = `${new TextDecoder().decode(body)}${query}`
    for (const value of values) expect(text).not.toContain(value)
  }
}

const start = async (more: object = {}): Promise<Answer> =>
  answerOf(
    await send('responses', {
      model: 'm',
      instructions: `You serve ${ada}.`,
      input: `for ${codename}`,
      ...more,
    }),
  )

describe('answers that a provider keeps', () => {
  test('are continued: what earlier turns said comes back, and has the same placeholder again', async () => {
    const first = await start()
    expectSaid(first, [ada, codename])
    expect(first.instructions).toBe(`You serve ${ada}.`)
    const [inFirst = ''] = /\[CODENAME_\w+\]/.exec(keeping.last()) ?? []
    const second = await answerOf(
      await send('responses', { model: 'm', previous_response_id: first.id, input: `and ${bob}` }),
    )
    expectSaid(second, [codename, bob])
    const third = await answerOf(
      await send('responses', { model: 'm', previous_response_id: second.id, input: `so ${codename}!` }),
    )
    expectSaid(third, [codename, bob])
    expect(keeping.last()).toContain(inFirst)
    const branch = await answerOf(
      await send('responses', { model: 'm', previous_response_id: first.id, input: 'what else?' }),
    )
    expectSaid(branch, [codename])
    expect(textOf(branch)).not.toContain(bob)
    expectNothingSeen()
  })

  test('are continued in streams cut anywhere', async () => {
    const first = await start()
    for (const cut of [1_000, 37, 11]) {
      keeping.cut = cut
      const frames = await framesOf(
        await send('responses', { model: 'm', previous_response_id: first.id, input: 'again', stream: true }),
      )
      const { text, call } = collected(frames)
      expect(text).toBe(`I heard ${codename} and ${ada}.`)
      expect(call).toEqual({ path: 'a.txt', content: `${codename}\n${ada}` })
      expect(frames.map(({ data }) => data).join()).not.toMatch(placeholder)
      expect(frames.map(numberOf)).toEqual(frames.map((_, index) => index))
    }
    keeping.cut = 50
  })

  test('are asked for again: whole, cancelled, and as the items that were sent', async () => {
    const first = await start()
    const second = await answerOf(
      await send('responses', {
        model: 'm',
        previous_response_id: first.id,
        input: [
          { type: 'function_call_output', call_id: 'call_1', output: JSON.stringify({ note: codename }) },
          { type: 'message', role: 'user', content: `{"pasted": ${bob}}` },
        ],
      }),
    )
    const again = await answerOf(await send(`responses/${second.id}`))
    expect(again).toEqual(second)
    const cancelled = await answerOf(await send(`responses/${second.id}/cancel`, {}))
    expect(cancelled).toEqual({ ...second, status: 'cancelled' })
    const items = (await (await send(`responses/${second.id}/input_items`)).json()) as {
      data: readonly { content?: unknown; output?: string; arguments?: string }[]
    }
    expect(JSON.stringify(items)).not.toMatch(placeholder)
    expect(items.data[0]?.content).toEqual([{ type: 'input_text', text: `for ${codename}` }])
    expect(JSON.parse(items.data.find((item) => item.output !== undefined)?.output ?? '')).toEqual({
      note: codename,
    })
    expect(items.data.at(-1)?.content).toBe(`{"pasted": ${bob}}`)
    expect(JSON.parse(items.data.find((item) => item.arguments !== undefined)?.arguments ?? '')).toEqual({
      path: 'a.txt',
      content: `${ada}\n${codename}`,
    })
  })

  test('are streamed again from any place, with the numbers that their events have', async () => {
    const { id } = await start()
    const all = await framesOf(await send(`responses/${id}?stream=true`))
    expect(collected(all).text).toBe(`I heard ${ada} and ${codename}.`)
    expect(all.map(numberOf)).toEqual(all.map((_, index) => index))
    for (const after of [0, 3, 5, all.length - 3]) {
      const rest = await framesOf(await send(`responses/${id}?stream=true&starting_after=${after}`))
      expect(rest.map(numberOf)).toEqual(all.slice(after + 1).map(numberOf))
      // What is said whole is whole, wherever the client comes in.
      const whole = (frames: readonly SseFrame[]) =>
        frames.filter(({ data }) => !data.includes('.delta"')).map(({ data }) => JSON.parse(data))
      expect(whole(rest)).toEqual(whole(all).filter(({ sequence_number }) => sequence_number > after))
    }
  })

  test('are written in the background, and polled', async () => {
    const queued = await start({ background: true })
    expect(queued).toMatchObject({ status: 'queued', output: [], instructions: `You serve ${ada}.` })
    const running = await answerOf(await send(`responses/${queued.id}`))
    expect(running).toMatchObject({ status: 'in_progress', instructions: `You serve ${ada}.` })
    expectSaid(await answerOf(await send(`responses/${queued.id}`)), [ada, codename])
  })

  test('are forgotten with the answer', async () => {
    const { id } = await start()
    const rows = () => {
      const database = new Database(join(gateway.dataDir, 'tollgate.db'), { readonly: true })
      const found = database.query('select sealed from placeholders where id = ?').all(id)
      database.close()
      return found
    }
    expect(rows()).toHaveLength(1)
    expect(JSON.stringify(rows())).not.toMatch(/EMP|Bluebird/)
    expect((await send(`responses/${id}`, undefined, { method: 'DELETE' })).status).toBe(200)
    expect(rows()).toHaveLength(0)
  })

  test('say nothing to another organisation', async () => {
    const first = await start()
    const reads = [`responses/${first.id}`, `responses/${first.id}/input_items`]
    for (const path of reads) expect((await send(path, undefined, { key: strangers })).status).toBe(404)
    const [literal = ''] = /\[EMPLOYEE_\w+\]/.exec(keeping.last()) ?? []
    const theirs = await answerOf(
      await send('responses', { model: 'm', input: `what is ${literal}?` }, { key: strangers }),
    )
    expect(textOf(theirs)).toContain(literal)
    expect(JSON.stringify(theirs)).not.toContain(ada)
  })

  test('come back for keys whose policy does nothing, and are redacted by those whose does', async () => {
    const { id } = await start()
    const free = await makeKey('off-now')
    expectSaid(await answerOf(await send(`responses/${id}`, undefined, { key: free })), [ada, codename])
    const watched = await makeKey('watched')
    const more = { model: 'm', previous_response_id: id, input: `and ${bob}` }
    const answer = await answerOf(await send('responses', more, { key: watched }))
    expect(keeping.last()).toContain(bob)
    expect(textOf(answer)).toBe(`I heard ${codename} and ${ada}.`)
    keeping.seen.length = 0
  })

  test('are looked at when they are fetched, as if they were said then', async () => {
    const say = keeping.say
    keeping.say = () => ({ text: 'new is EMP-555555 here', input: { who: 'EMP-555555' } })
    const plain = await makeKey('plain')
    const queued = await answerOf(
      await send('responses', { model: 'm', input: 'x', background: true }, { key: plain }),
    )
    keeping.say = say
    await send(`responses/${queued.id}`)
    const strict = await makeKey('strict')
    const refused = await send(`responses/${queued.id}`, undefined, { key: strict })
    expect(refused.status).toBe(400)
    expect(await refused.text()).not.toContain('EMP-555555')
    const guarded = await makeKey('guarded')
    const redacted = await answerOf(await send(`responses/${queued.id}`, undefined, { key: guarded }))
    expect(textOf(redacted)).toMatch(/^new is \[EMPLOYEE_\w+\] here$/)
    expect(callOf(redacted)).toEqual({ who: expect.stringMatching(/^\[EMPLOYEE_\w+\]$/) })
    expect(redacted).toMatchObject({ id: queued.id, status: 'completed', model: 'm' })
    const next = await answerOf(
      await send(
        'responses',
        { model: 'm', previous_response_id: queued.id, input: `for ${ada}` },
        { key: plain },
      ),
    )
    const items = `responses/${next.id}/input_items`
    expect((await send(items, undefined, { key: strict })).status).toBe(400)
    const listed = (await (await send(items, undefined, { key: guarded })).json()) as {
      data: Answer['output']
    }
    expect(JSON.stringify(listed)).not.toContain('EMP-555555')
    expect(listed.data.map(({ type }) => type)).toEqual(['message', 'message', 'function_call', 'message'])
    expect(listed.data[1]).toMatchObject({ id: redacted.output[0]?.id, role: 'assistant' })
    expect(listed.data.at(-1)?.content?.[0]?.text).toBe(`for ${ada}`)
    const streamed = await framesOf(
      await send(`responses/${queued.id}?stream=true`, undefined, { key: guarded }),
    )
    expect(streamed.map(({ data }) => data).join()).not.toContain('EMP-555555')
    expect(collected(streamed).text).toMatch(/^new is \[EMPLOYEE_\w+\] here$/)
    const middle = await send(`responses/${queued.id}?stream=true&starting_after=4`, undefined, {
      key: guarded,
    })
    expect(middle.status).toBe(400)
    expect(await middle.text()).toContain('starting_after')
  })
})

describe('another process', () => {
  /** As if the store were away: its table is not there. */
  const without = async (work: () => Promise<void>): Promise<void> => {
    const database = new Database(join(dataDir, 'tollgate.db'))
    database.run('alter table placeholders rename to placeholders_away')
    try {
      await work()
    } finally {
      database.run('alter table placeholders_away rename to placeholders')
      database.close()
    }
  }

  test('knows what was kept, and says the placeholder where it cannot be read', async () => {
    const strict = await makeKey('strict')
    const first = await start()
    for (const value of values) expect(gateway.log()).not.toContain(value)
    expect(await gateway.stop()).toBe(0)
    await startAgain()
    await without(async () => {
      const asked = { model: 'm', previous_response_id: first.id, input: 'again' }
      const answer = await answerOf(await send('responses', asked))
      expect(textOf(answer)).toMatch(/^I heard \[CODENAME_\w+\] and \[EMPLOYEE_\w+\]\.$/)
      const refused = await send('responses', asked, { key: strict })
      expect(refused.status).toBe(503)
      expect(refused.headers.get('x-tollgate-error')).toBe('gateway_storage_unavailable')
      // What this process was told itself it knows, and goes on with.
      const own = await start()
      expectSaid(own, [ada, codename])
      expectSaid(await answerOf(await send(`responses/${own.id}`)), [ada, codename])
    })
    const metrics = await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${gateway.adminToken}` },
    })
    expect(await metrics.text()).toMatch(/tollgate_firewall_placeholder_problems_total [1-9]/)
    const more = { model: 'm', previous_response_id: first.id, input: 'again' }
    expectSaid(await answerOf(await send('responses', more)), [ada, codename])
  })
})

describe('conversations that a provider keeps', () => {
  test('say in every turn, and in their items, what was said in any', async () => {
    const talk = (await (
      await send('conversations', { items: [{ type: 'message', role: 'user', content: `I am ${ada}` }] })
    ).json()) as { id: string }
    expect(keeping.last()).not.toContain(ada)
    const one = await answerOf(
      await send('responses', { model: 'm', conversation: talk.id, input: codename }),
    )
    expectSaid(one, [ada, codename])
    const added = await send(`conversations/${talk.id}/items`, {
      items: [{ type: 'message', role: 'user', content: `and ${bob}` }],
    })
    expect(JSON.stringify(await added.json())).toContain(bob)
    const two = await answerOf(await send('responses', { model: 'm', conversation: talk.id, input: 'so?' }))
    expectSaid(two, [ada, codename, bob])
    const items = JSON.stringify(await (await send(`conversations/${talk.id}/items`)).json())
    for (const value of [ada, bob, 'Bluebird']) expect(items).toContain(value)
    expect(items).not.toMatch(placeholder)
    expectSaid(await answerOf(await send(`responses/${two.id}`)), [ada, codename, bob])
    expectNothingSeen()
  })
})

describe('threads of Anthropic', () => {
  test.each([false, true])('say what the turns before said, streamed: %p', async (stream) => {
    const ask = async (content: string, thread: object) => {
      const body = {
        model: 'm-claude',
        max_tokens: 100,
        stream,
        thread,
        messages: [{ role: 'user', content }],
      }
      return (await send('messages', body)).text()
    }
    const first = await ask(`for ${ada}`, {})
    const [, id] = /"id":"(msg_\w+)"/.exec(first) ?? []
    const [own = ''] = /\[EMPLOYEE_\w+\]/.exec(mirror.last()) ?? []
    expect(own).not.toBe('')
    mirror.say = () => ({ text: `it was ${own}`, input: {} })
    const answer = await ask('for whom?', { previous_message_id: id })
    mirror.say = sayAll
    expect(mirror.last()).not.toContain(ada)
    expect(answer.replaceAll(/"\}\}\s+event: content_block_delta\s+data: \{[^}]*"text":"/g, '')).toContain(
      ada,
    )
    expect(answer).not.toContain(own)
  })
})

describe('answers that the gateway keeps itself', () => {
  test.each([false, true])('are redacted and restored in every turn, streamed: %p', async (stream) => {
    const ask = async (body: object): Promise<Answer> => {
      const response = await send('responses', { model: 'm-chat', stream, ...body })
      if (!stream) return answerOf(response)
      const last = (await framesOf(response)).findLast(({ event }) => event === 'response.completed')
      return JSON.parse(last?.data ?? '{}').response
    }
    const first = await ask({ input: `for ${ada}` })
    expectSaid(first, [ada])
    const [own = ''] = /\[EMPLOYEE_\w+\]/.exec(mirror.last()) ?? []
    const callId = (first.output[1] as { call_id?: string } | undefined)?.call_id
    const second = await ask({
      previous_response_id: first.id,
      input: [
        { type: 'function_call_output', call_id: callId, output: 'written' },
        { role: 'user', content: codename },
      ],
    })
    expectSaid(second, [ada, codename])
    expect(mirror.last()).toContain(own)
    for (const { body } of mirror.seen) {
      for (const value of values) expect(new TextDecoder().decode(body)).not.toContain(value)
    }
    expectSaid(await answerOf(await send(`responses/${second.id}`)), [ada, codename])
    const items = JSON.stringify(await (await send(`responses/${second.id}/input_items`)).json())
    expect(items).toContain(ada)
    expect(items).not.toMatch(placeholder)
  })
})

test('neither logs nor the database hold a value', async () => {
  const log = gateway.log()
  const database = new Database(join(gateway.dataDir, 'tollgate.db'), { readonly: true })
  const rows = JSON.stringify(database.query('select * from placeholders').all())
  database.close()
  expect(rows.length).toBeGreaterThan(100)
  for (const value of values) {
    expect(log).not.toContain(value)
    expect(rows).not.toContain(value)
  }
})
