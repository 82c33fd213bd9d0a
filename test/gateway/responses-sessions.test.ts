/** Responses clients of a provider that keeps nothing: what the gateway keeps for them, through the official SDK. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI, { APIError } from 'openai'
import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import { createTenantStore, createTenants } from '../../src/accounts/index.ts'
import { openDatabase } from '../../src/storage/index.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  ledgerEntries,
  oneCall,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { type Seen, scriptedStream, startUpstream, type TestUpstream } from '../support/upstream.ts'

setDefaultTimeout(60_000)

const tools: OpenAI.Responses.Tool[] = [
  {
    type: 'function',
    name: 'weather',
    description: 'Tells the weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    strict: false,
  },
]

interface ChatMessage {
  readonly role: string
  readonly content?: unknown
  readonly tool_calls?: readonly { readonly id: string }[]
  readonly tool_call_id?: string
}

const bodyOf = (seen: Seen | undefined): { messages: ChatMessage[] } & Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(seen?.body))

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }

/** A chat answer: what it says, or the call that it makes. */
const chat = (message: object, finish = 'stop'): Response =>
  Response.json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'm-up',
    choices: [{ index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: finish }],
    usage,
  })

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-2', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'm-up', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const words = ['Sun', 'ny in', ' Ulm', ' to', 'day.']

const streamText = (pieces: readonly string[]): string =>
  [
    chunk({ role: 'assistant', content: '' }),
    ...pieces.map((content) => chunk({ content })),
    chunk({}, 'stop'),
    `data: ${JSON.stringify({ id: 'chatcmpl-2', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'm-up', choices: [], usage })}\n\n`,
    'data: [DONE]\n\n',
  ].join('')

/** Frames reach the gateway one by one. */
const streamed = (pieces: readonly string[] = words): Response => {
  const blocks = streamText(pieces).split(/(?<=\n\n)/)
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const block = blocks[at++]
      if (block === undefined) controller.close()
      else {
        controller.enqueue(new TextEncoder().encode(block))
        await Bun.sleep(2)
      }
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const answers = (seen: Seen): Response =>
  bodyOf(seen)['stream'] === true ? streamed() : chat({ content: 'fine' })

const statusOf = async (work: Promise<unknown>): Promise<[number | undefined, string | undefined]> => {
  try {
    await work
    return [200, undefined]
  } catch (error) {
    if (!(error instanceof APIError)) throw error
    return [error.status, error.headers?.get('x-tollgate-error') ?? undefined]
  }
}

const unknown: [number, string] = [404, 'gateway_handle_unknown']

const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}

describeDatabases('responses sessions', ({ kind, createUrl }) => {
  let upstream: TestUpstream
  let gateway: TestGateway
  let dataDir: string
  let database: string
  let client: OpenAI
  let others: OpenAI
  let colleague: OpenAI

  const start = async (): Promise<void> => {
    gateway = await startGateway({
      dataDir,
      env: { TGW_DATABASE_URL: database },
      config: [
        ...oneCall,
        'providers:',
        `  up: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/v1", api_key: key-one, models: ["m-up"] }`,
        `  native: { kind: openai-compatible, protocols: [openai-responses], base_url: "${upstream.url}/v1", api_key: key-two, models: ["m-native"] }`,
        'sessions: { conversations: gateway }',
      ],
    })
    client = clientOf(testKey)
  }
  const clientOf = (apiKey: string): OpenAI =>
    new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
  const newKey = async (body: object): Promise<OpenAI> => {
    const made = await gateway.admin('/keys', { method: 'POST', body: JSON.stringify(body) })
    const secret = typeof made === 'object' && made !== null && 'secret' in made ? String(made.secret) : ''
    return clientOf(secret)
  }

  beforeAll(async () => {
    upstream = startUpstream()
    dataDir = mkdtempSync(join(tmpdir(), 'tollgate-test-'))
    database = kind === 'sqlite' ? `sqlite:${join(dataDir, 'tollgate.db')}` : await createUrl()
    await start()
    const opened = await openDatabase(database)
    const tenants = createTenants({ store: createTenantStore(opened), apply() {} })
    const organisation = await tenants.createOrganisation({ name: 'others' })
    await opened.close()
    others = await newKey({ name: 'theirs', organisation: organisation.id })
    colleague = await newKey({ name: 'a colleague' })
  }, 120_000)

  afterAll(async () => {
    await gateway.stop()
    await upstream.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  beforeEach(() => {
    upstream.seen.length = 0
    upstream.answer = answers
  })

  const lastMessages = (): ChatMessage[] => bodyOf(upstream.seen.at(-1)).messages

  const kept = async (): Promise<number> => {
    const opened = await openDatabase(database)
    const { count } = await opened.kysely
      .selectFrom('responses')
      .select((row) => row.fn.countAll<bigint>().as('count'))
      .executeTakeFirstOrThrow()
    await opened.close()
    return Number(count)
  }

  describe('a chain of answers', () => {
    test('is continued by the id of the last one, with its tool call, and only grows at its end', async () => {
      upstream.answer = () =>
        chat(
          {
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Ulm"}' } },
            ],
          },
          'tool_calls',
        )
      const first = await client.responses.create({
        model: 'm-up',
        instructions: 'Be brief.',
        input: 'How is the weather in Ulm?',
        tools,
      })
      expect(first.id).toStartWith('resp_tgw')
      expect(first.id.length).toBeLessThanOrEqual(64)
      expect(first).toMatchObject({ store: true })
      expect(first.output).toMatchObject([{ type: 'function_call', call_id: 'call_1', name: 'weather' }])
      const one = lastMessages()

      upstream.answer = answers
      const second = await client.responses.create({
        model: 'm-up',
        instructions: 'Be brief.',
        previous_response_id: first.id,
        input: [{ type: 'function_call_output', call_id: 'call_1', output: 'sunny' }],
        tools,
      })
      expect(second.previous_response_id).toBe(first.id)
      const two = lastMessages()
      expect(two.slice(0, one.length)).toEqual(one)
      expect(two.slice(one.length)).toMatchObject([
        { role: 'assistant', tool_calls: [{ id: 'call_1', function: { arguments: '{"city":"Ulm"}' } }] },
        { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
      ])

      const third = await client.responses.create({
        model: 'm-up',
        instructions: 'Be brief.',
        previous_response_id: second.id,
        input: 'Thanks. And tomorrow?',
        tools,
      })
      expect(third.output_text).toBe('fine')
      const three = lastMessages()
      expect(three.slice(0, two.length)).toEqual(two)
      expect(three.slice(two.length)).toMatchObject([
        { role: 'assistant', content: 'fine' },
        { role: 'user', content: 'Thanks. And tomorrow?' },
      ])
      // Nothing of ours, and no wish to keep it, went to the provider.
      const sent = new TextDecoder().decode(upstream.seen.at(-1)?.body)
      expect(sent).not.toContain('tgw')
      expect(sent).not.toContain('"store":true')

      const items = await all(await client.responses.inputItems.list(third.id, { order: 'asc', limit: 2 }))
      expect(items.map(({ type }) => type)).toEqual([
        'message',
        'function_call',
        'function_call_output',
        'message',
        'message',
      ])
      expect(items[0]).toMatchObject({
        role: 'user',
        status: 'completed',
        content: [{ type: 'input_text', text: 'How is the weather in Ulm?' }],
      })
      expect(new Set(items.map(({ id }) => id)).size).toBe(5)
      const latest = await client.responses.inputItems.list(third.id, { limit: 1 })
      expect(latest.data.map(({ id }) => id)).toEqual([items.at(-1)?.id ?? ''])
      expect(latest.has_more).toBe(true)
    })

    test('does not carry over instructions', async () => {
      const first = await client.responses.create({ model: 'm-up', instructions: 'In German.', input: 'hi' })
      await client.responses.create({ model: 'm-up', previous_response_id: first.id, input: 'again' })
      expect(lastMessages().map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    })

    test('branches', async () => {
      const root = await client.responses.create({ model: 'm-up', input: 'root' })
      for (const input of ['left', 'right']) {
        await client.responses.create({ model: 'm-up', previous_response_id: root.id, input })
        expect(lastMessages().map(({ content }) => content)).toEqual(['root', 'fine', input])
      }
    })

    test('counts towards what the request may cost, and says places as the client counts them', async () => {
      const first = await client.responses.create({ model: 'm-up', input: 'x'.repeat(5_000) })
      const strict = await fetch(`${gateway.url}/v1/responses`, {
        method: 'POST',
        headers: { authorization: `Bearer ${testKey}`, 'x-tollgate-strict': 'true' },
        body: JSON.stringify({
          model: 'm-up',
          previous_response_id: first.id,
          input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'file:///etc/passwd' }] }],
        }),
      })
      expect(strict.status).toBe(400)
      expect(await strict.text()).toContain('input[0]')
    })

    test('is broken by deleting a part of it, and says so', async () => {
      const first = await client.responses.create({ model: 'm-up', input: 'one' })
      const second = await client.responses.create({
        model: 'm-up',
        previous_response_id: first.id,
        input: 'two',
      })
      await client.responses.delete(first.id)
      expect((await client.responses.retrieve(second.id)).output_text).toBe('fine')
      upstream.seen.length = 0
      const again = client.responses.create({
        model: 'm-up',
        previous_response_id: second.id,
        input: 'three',
      })
      expect(await statusOf(again)).toEqual([404, 'gateway_handle_unknown'])
      expect(upstream.seen).toHaveLength(0)
    })

    test('can go on at a provider that keeps answers itself, which is then told everything', async () => {
      const first = await client.responses.create({ model: 'm-up', input: 'one' })
      upstream.answer = () =>
        Response.json({ id: 'resp_theirs', object: 'response', status: 'completed', output: [], store: true })
      const second = await client.responses.create({
        model: 'm-native',
        previous_response_id: first.id,
        input: [{ role: 'user', content: 'two' }],
      })
      expect(second.id).toBe('resp_theirs')
      const sent = bodyOf(upstream.seen.at(-1))
      expect(sent).not.toHaveProperty('previous_response_id')
      expect(sent['input']).toMatchObject([
        { role: 'user', content: 'one' },
        { role: 'assistant', content: [{ type: 'output_text', text: 'fine' }] },
        { role: 'user', content: 'two' },
      ])
      expect(JSON.stringify(sent)).not.toContain('tgw')
      // From here on the provider's own ids count.
      await client.responses.create({
        model: 'm-native',
        previous_response_id: 'resp_theirs',
        input: 'three',
      })
      expect(bodyOf(upstream.seen.at(-1))['previous_response_id']).toBe('resp_theirs')
    })
  })

  test('ids of another Tollgate that answers as a provider stay its own', async () => {
    const id = `resp_tgw${'0'.repeat(25)}1`
    upstream.answer = () =>
      Response.json({ id, object: 'response', status: 'completed', output: [], store: true })
    await client.responses.create({ model: 'm-native', input: 'hi' })
    await client.responses.create({ model: 'm-native', previous_response_id: id, input: 'x' })
    expect(bodyOf(upstream.seen.at(-1))['previous_response_id']).toBe(id)
    await client.responses.retrieve(id)
    expect(upstream.seen.at(-1)?.path).toBe(`/v1/responses/${id}`)
    upstream.seen.length = 0
    expect(await statusOf(others.responses.retrieve(id))).toEqual(unknown)
    const stolen = others.responses.create({ model: 'm-native', previous_response_id: id, input: 'x' })
    expect(await statusOf(stolen)).toEqual(unknown)
    expect(upstream.seen).toHaveLength(0)
  })

  describe('an item reference', () => {
    test('stands for an item of an earlier answer or its input', async () => {
      const first = await client.responses.create({ model: 'm-up', input: 'remember this' })
      const [asked] = (await client.responses.inputItems.list(first.id)).data
      const [said] = first.output
      await client.responses.create({
        model: 'm-up',
        input: [
          { type: 'item_reference', id: asked?.id ?? '' },
          { type: 'item_reference', id: said?.id ?? '' },
          { role: 'user', content: 'and now?' },
        ],
      })
      expect(lastMessages().map(({ content }) => content)).toEqual(['remember this', 'fine', 'and now?'])
    })

    test('is not what an item is that only lacks what was not kept', async () => {
      await client.responses.create({
        model: 'm-up',
        store: false,
        input: [
          { role: 'user', content: 'think' },
          { type: 'reasoning', id: `rs_tgw${'0'.repeat(26)}_0`, summary: [] },
          { role: 'assistant', content: 'done' },
          { role: 'user', content: 'again' },
        ],
      })
      expect(lastMessages().map(({ content }) => content)).toEqual(['think', 'done', 'again'])
    })

    test('to what is not there is 404, with its place', async () => {
      const lost = client.responses.create({
        model: 'm-up',
        input: [{ type: 'item_reference', id: `msg_tgw${'0'.repeat(26)}_0` }],
      })
      const error = await lost.catch((caught: unknown) => caught)
      expect(error).toMatchObject({ status: 404, param: 'input[0].id' })
    })
  })

  describe('a kept answer', () => {
    test('is retrieved as it was given, whole', async () => {
      const { output_text: _text, ...created } = await client.responses.create({
        model: 'm-up',
        input: 'hi',
        metadata: { a: 'b' },
      })
      const { output_text: _same, ...found } = await client.responses.retrieve(created.id)
      expect(found).toEqual(created)
      expect(
        (await client.responses.cancel(created.id).catch((error: unknown) => error)) as object,
      ).toMatchObject({
        status: 400,
      })
      const entry = (await ledgerEntries(gateway)).find(({ operation }) => operation === 'retrieve-response')
      expect(entry).toMatchObject({ outcome: 'success', provider: null })
    })

    test('is streamed again exactly as it was, from any event on', async () => {
      const events = await all(await client.responses.create({ model: 'm-up', input: 'hi', stream: true }))
      const deltas = events.filter(({ type }) => type === 'response.output_text.delta')
      expect(deltas).toHaveLength(words.length)
      const last = events.at(-1)
      if (last?.type !== 'response.completed') throw new Error('the stream did not complete')
      const { id } = last.response
      expect(await all(await client.responses.retrieve(id, { stream: true }))).toEqual(events)
      for (const seen of [0, 5, 7, events.length - 2]) {
        const rest = await all(await client.responses.retrieve(id, { stream: true, starting_after: seen }))
        expect(rest).toEqual(events.slice(seen + 1))
      }
      expect(await client.responses.retrieve(id)).toMatchObject({
        status: 'completed',
        output: last.response.output,
      })
    })

    test('that was not streamed streams as well, the same each time', async () => {
      const { id } = await client.responses.create({ model: 'm-up', input: 'hi' })
      const helper = client.responses.stream({ response_id: id })
      expect((await helper.finalResponse()).output_text).toBe('fine')
      const events = await all(await client.responses.retrieve(id, { stream: true }))
      expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, number) => number))
      const rest = await all(await client.responses.retrieve(id, { stream: true, starting_after: 2 }))
      expect(rest).toEqual(events.slice(3))
    })

    test('is there when the last byte of its stream is', async () => {
      for (let round = 0; round < 5; round++) {
        const stream = await client.responses.create({ model: 'm-up', input: `${round}`, stream: true })
        for await (const event of stream) {
          if (event.type === 'response.completed') {
            expect((await client.responses.retrieve(event.response.id)).id).toBe(event.response.id)
          }
        }
      }
    })

    test('is gone when it was deleted', async () => {
      const { id } = await client.responses.create({ model: 'm-up', input: 'hi' })
      await client.responses.delete(id)
      const uses = [
        client.responses.retrieve(id),
        client.responses.delete(id),
        client.responses.cancel(id),
        client.responses.inputItems.list(id),
        client.responses.create({ model: 'm-up', previous_response_id: id, input: 'x' }),
      ]
      for (const status of await Promise.all(uses.map(statusOf))) expect(status).toEqual(unknown)
    })

    test('belongs to the key that made it: to no other organisation, and to no colleague', async () => {
      const { id, output } = await client.responses.create({ model: 'm-up', input: 'secret' })
      const item = output[0]?.id ?? ''
      upstream.seen.length = 0
      for (const stranger of [others, colleague]) {
        const uses = [
          stranger.responses.retrieve(id),
          stranger.responses.retrieve(id, { stream: true }),
          stranger.responses.delete(id),
          stranger.responses.cancel(id),
          stranger.responses.inputItems.list(id),
          stranger.responses.create({ model: 'm-up', previous_response_id: id, input: 'x' }),
          stranger.responses.create({ model: 'm-up', input: [{ type: 'item_reference', id: item }] }),
        ]
        for (const status of await Promise.all(uses.map(statusOf))) expect(status).toEqual(unknown)
      }
      expect(upstream.seen).toHaveLength(0)
      expect((await client.responses.retrieve(id)).id).toBe(id)
    })

    test('is sealed at rest', async () => {
      await client.responses.create({ model: 'm-up', input: 'the quick brown canary' })
      const opened = await openDatabase(database)
      const rows = await opened.kysely.selectFrom('responses').selectAll().execute()
      await opened.close()
      expect(
        JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
      ).not.toContain('canary')
      expect(rows.length).toBeGreaterThan(0)
      if (kind === 'sqlite') {
        expect(readFileSync(join(dataDir, 'tollgate.db')).includes('quick brown')).toBe(false)
      }
      expect(gateway.log()).not.toContain('canary')
    })

    test('outlives the gateway', async () => {
      const { id } = await client.responses.create({ model: 'm-up', input: 'before' })
      await gateway.stop()
      await start()
      others = clientOf(others.apiKey ?? '')
      colleague = clientOf(colleague.apiKey ?? '')
      expect((await client.responses.retrieve(id)).output_text).toBe('fine')
      await client.responses.create({ model: 'm-up', previous_response_id: id, input: 'after' })
      expect(lastMessages().map(({ content }) => content)).toEqual(['before', 'fine', 'after'])
    })
  })

  describe('with store: false', () => {
    test('nothing is kept', async () => {
      const before = await kept()
      const { id } = await client.responses.create({ model: 'm-up', input: 'hi', store: false })
      const events = await all(
        await client.responses.create({ model: 'm-up', input: 'hi', store: false, stream: true }),
      )
      expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { store: false } })
      expect(await kept()).toBe(before)
      expect(await statusOf(client.responses.retrieve(id))).toEqual([404, 'gateway_handle_unknown'])
      const next = client.responses.create({ model: 'm-up', previous_response_id: id, input: 'x' })
      expect(await statusOf(next)).toEqual([404, 'gateway_handle_unknown'])
    })

    test('an earlier answer can be continued all the same', async () => {
      const first = await client.responses.create({ model: 'm-up', input: 'one' })
      const before = await kept()
      await client.responses.create({
        model: 'm-up',
        previous_response_id: first.id,
        input: 'two',
        store: false,
      })
      expect(lastMessages()).toHaveLength(3)
      expect(await kept()).toBe(before)
    })

    test('there is no background mode', async () => {
      const refused = client.responses.create({ model: 'm-up', input: 'x', store: false, background: true })
      expect(await statusOf(refused)).toEqual([400, 'gateway_translation_unsupported'])
    })
  })

  describe('a conversation', () => {
    test('collects what is asked and answered', async () => {
      const conversation = await client.conversations.create({
        metadata: { topic: 'weather' },
        items: [{ type: 'message', role: 'user', content: 'My name is Ada.' }],
      })
      expect(conversation).toMatchObject({ object: 'conversation', metadata: { topic: 'weather' } })
      expect(conversation.id).toStartWith('conv_tgw')
      const first = await client.responses.create({
        model: 'm-up',
        conversation: conversation.id,
        input: 'Who am I?',
      })
      expect(first.conversation).toEqual({ id: conversation.id })
      const one = lastMessages()
      expect(one.map(({ content }) => content)).toEqual(['My name is Ada.', 'Who am I?'])
      const stream = await client.responses.create({
        model: 'm-up',
        conversation: { id: conversation.id },
        input: 'Again?',
        stream: true,
      })
      const events: ResponseStreamEvent[] = await all(stream)
      expect(events.at(-1)?.type).toBe('response.completed')
      expect(lastMessages().map(({ content }) => content)).toEqual([
        'My name is Ada.',
        'Who am I?',
        'fine',
        'Again?',
      ])
      const items = await all(
        await client.conversations.items.list(conversation.id, { order: 'asc', limit: 2 }),
      )
      expect(items).toHaveLength(5)
      expect(items).toMatchObject([
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'My name is Ada.' }] },
        { role: 'user' },
        { role: 'assistant', content: [{ type: 'output_text', text: 'fine' }] },
        { role: 'user' },
        { role: 'assistant', content: [{ type: 'output_text', text: words.join('') }] },
      ])
      const latest = await client.conversations.items.list(conversation.id, { limit: 2 })
      expect(latest.data.map((item) => item.id)).toEqual(
        items
          .toReversed()
          .map((item) => item.id)
          .slice(0, 2),
      )
      // An answer of the conversation, continued by its id, knows what was said until then.
      await client.responses.create({ model: 'm-up', previous_response_id: first.id, input: 'Another way.' })
      expect(lastMessages().map(({ content }) => content)).toEqual([
        'My name is Ada.',
        'Who am I?',
        'fine',
        'Another way.',
      ])
      expect(
        (await all(await client.responses.inputItems.list(first.id, { order: 'asc' }))).map(({ id }) => id),
      ).toEqual(items.slice(0, 2).map((item) => item.id ?? ''))
    })

    test('is changed, and its items added, read and deleted', async () => {
      const { id } = await client.conversations.create()
      expect((await client.conversations.update(id, { metadata: { a: 'b' } })).metadata).toEqual({ a: 'b' })
      expect((await client.conversations.retrieve(id)).metadata).toEqual({ a: 'b' })
      const added = await client.conversations.items.create(id, {
        items: [
          { type: 'message', role: 'user', content: 'one' },
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'two' }] },
        ],
      })
      const [first, second] = added.data.map((item) => item.id ?? '')
      expect(await client.conversations.items.retrieve(second ?? '', { conversation_id: id })).toMatchObject({
        content: [{ type: 'input_text', text: 'two' }],
        status: 'completed',
      })
      expect((await client.conversations.items.delete(first ?? '', { conversation_id: id })).id).toBe(id)
      expect((await client.conversations.items.list(id)).data.map((item) => item.id)).toEqual([second ?? ''])
      await client.responses.create({ model: 'm-up', conversation: id, input: 'x', store: false })
      expect(lastMessages()).toHaveLength(2)
      expect(await client.conversations.delete(id)).toMatchObject({
        id,
        object: 'conversation.deleted',
        deleted: true,
      })
      const uses = [
        client.conversations.retrieve(id),
        client.conversations.items.list(id),
        client.responses.create({ model: 'm-up', conversation: id, input: 'x' }),
      ]
      for (const status of await Promise.all(uses.map(statusOf))) expect(status).toEqual(unknown)
    })

    test('of another organisation or key is not there', async () => {
      const { id } = await client.conversations.create({
        items: [{ type: 'message', role: 'user', content: 'one' }],
      })
      for (const stranger of [others, colleague]) {
        const uses = [
          stranger.conversations.retrieve(id),
          stranger.conversations.update(id, { metadata: {} }),
          stranger.conversations.items.list(id),
          stranger.conversations.items.create(id, { items: [] }),
          stranger.conversations.delete(id),
          stranger.responses.create({ model: 'm-up', conversation: id, input: 'x' }),
        ]
        for (const status of await Promise.all(uses.map(statusOf))) expect(status).toEqual(unknown)
      }
    })

    test('is not joined with another history, and not with a provider that keeps its own', async () => {
      const { id } = await client.conversations.create()
      const first = await client.responses.create({ model: 'm-up', input: 'x' })
      const both = client.responses.create({
        model: 'm-up',
        conversation: id,
        previous_response_id: first.id,
        input: 'x',
      })
      expect(await statusOf(both)).toEqual([400, 'gateway_request_invalid'])
      const native = client.responses.create({ model: 'm-native', conversation: id, input: 'x' })
      expect(await statusOf(native)).toEqual([400, 'gateway_request_invalid'])
    })
  })

  describe('in the background', () => {
    test('an answer is polled until it is there', async () => {
      const gate = Promise.withResolvers<void>()
      upstream.answer = async () => {
        await gate.promise
        return chat({ content: 'late' })
      }
      const queued = await client.responses.create({ model: 'm-up', input: 'hi', background: true })
      expect(queued).toMatchObject({ status: 'queued', background: true, output: [] })
      expect((await client.responses.retrieve(queued.id)).status).toBe('queued')
      const early = client.responses.create({ model: 'm-up', previous_response_id: queued.id, input: 'x' })
      expect(await statusOf(early)).toEqual([400, 'gateway_request_invalid'])
      gate.resolve()
      const done = await waitFor(async () => {
        const found = await client.responses.retrieve(queued.id)
        return found.status === 'completed' ? found : undefined
      })
      expect(done).toMatchObject({ id: queued.id, output_text: 'late', background: true })
      const entry = await waitFor(async () =>
        (await ledgerEntries(gateway)).find((one) => 'kind' in one && one.kind === 'background'),
      )
      expect(entry).toMatchObject({ outcome: 'success', provider: 'up', usage: { inputTokens: 10 } })
      await client.responses
        .create({ model: 'm-up', previous_response_id: queued.id, input: 'next' })
        .catch(() => {})
      expect(lastMessages().map(({ content }) => content)).toEqual(['hi', 'late', 'next'])
    })

    test('a stream that broke off is taken up again', async () => {
      const script = scriptedStream()
      upstream.answer = () => script.response()
      const stream = await client.responses.create({
        model: 'm-up',
        input: 'hi',
        background: true,
        stream: true,
      })
      const blocks = streamText(words).split(/(?<=\n\n)/)
      for (const block of blocks.slice(0, 3)) script.write(block)
      const seen: ResponseStreamEvent[] = []
      for await (const event of stream) {
        seen.push(event)
        if (event.type === 'response.output_text.delta') break
      }
      const [created] = seen
      if (created?.type !== 'response.created') throw new Error('no beginning')
      const after = seen.at(-1)?.sequence_number ?? 0
      const resumed = await client.responses.retrieve(created.response.id, {
        stream: true,
        starting_after: after,
      })
      for (const block of blocks.slice(3)) script.write(block)
      script.end()
      const rest = await all(resumed)
      const events = [...seen, ...rest]
      expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, number) => number))
      const text = events.flatMap((event) =>
        event.type === 'response.output_text.delta' ? [event.delta] : [],
      )
      expect(text.join('')).toBe(words.join(''))
      expect(events.at(-1)).toMatchObject({
        type: 'response.completed',
        response: { id: created.response.id },
      })
      const later = await client.responses.retrieve(created.response.id, {
        stream: true,
        starting_after: after,
      })
      expect(await all(later)).toEqual(rest)
      expect(upstream.aborted).toBe(0)
    })

    test('an answer is cancelled, and the provider told', async () => {
      const script = scriptedStream()
      upstream.answer = () => script.response()
      const before = upstream.aborted
      const stream = await client.responses.create({
        model: 'm-up',
        input: 'x',
        background: true,
        stream: true,
      })
      script.write(chunk({ role: 'assistant', content: 'a' }))
      let id = ''
      for await (const event of stream) {
        if (event.type === 'response.created') id = event.response.id
        if (event.type === 'response.output_text.delta') break
      }
      expect(await client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' })
      await waitFor(() => (upstream.aborted > before ? true : undefined))
      expect((await client.responses.retrieve(id)).status).toBe('cancelled')
      const next = client.responses.create({ model: 'm-up', previous_response_id: id, input: 'x' })
      expect(await statusOf(next)).toEqual([400, 'gateway_request_invalid'])
    })

    test('a failure is told to who asks', async () => {
      upstream.answer = () => Response.json({ error: { message: 'broken', type: 'x' } }, { status: 500 })
      const queued = await client.responses.create({ model: 'm-up', input: 'hi', background: true })
      const failed = await waitFor(async () => {
        const found = await client.responses.retrieve(queued.id)
        return found.status === 'queued' ? undefined : found
      })
      expect(failed).toMatchObject({ status: 'failed', output: [] })
      expect(failed.error?.message).toContain('broken')
      const events = await all(await client.responses.retrieve(queued.id, { stream: true }))
      expect(events.at(-1)).toMatchObject({ type: 'response.failed', response: { id: queued.id } })
    })

    test('what cannot be translated is refused at once', async () => {
      const refused = client.responses.create({
        model: 'm-up',
        input: 'x',
        background: true,
        prompt: { id: 'pmpt_1' },
      })
      expect(await statusOf(refused)).toEqual([400, 'gateway_translation_unsupported'])
    })

    test('a gateway that stops ends what runs, and says so afterwards', async () => {
      const script = scriptedStream()
      upstream.answer = () => script.response()
      const queued = await client.responses.create({ model: 'm-up', input: 'x', background: true })
      process.kill(gateway.workerPid(), 'SIGKILL')
      await gateway.stop()
      const opened = await openDatabase(database)
      // As if the process had been dead for a while.
      await opened.kysely
        .updateTable('responses')
        .set({ touched_at: 1 })
        .where('id', '=', queued.id)
        .execute()
      await opened.close()
      await start()
      expect(await client.responses.retrieve(queued.id)).toMatchObject({ status: 'failed' })
    })
  })

  test('compaction has no honest counterpart and is refused', async () => {
    const first = await client.responses.create({ model: 'm-up', input: 'x' })
    const refused = client.responses.compact({ model: 'm-up', previous_response_id: first.id })
    expect((await statusOf(refused))[0]).toBe(400)
  })

  test.skipIf(kind !== 'sqlite')('a store that fails does not break the answer', async () => {
    const file = new Database(join(dataDir, 'tollgate.db'))
    file.run('pragma busy_timeout = 5000')
    file.run('alter table responses rename to elsewhere')
    try {
      const answer = await client.responses.create({ model: 'm-up', input: 'hi' })
      expect(answer.output_text).toBe('fine')
      expect(gateway.log()).toContain('an answer could not be kept')
    } finally {
      file.run('alter table elsewhere rename to responses')
      file.close()
    }
  })
})
