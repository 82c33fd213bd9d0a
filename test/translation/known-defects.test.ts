/**
 * What other gateways are known to have got wrong, each in every pair of protocols where it could happen: whole and
 * streamed, with input that a naive translation breaks on, and read from the bytes alone.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createSecretKey } from 'node:crypto'
import type { ReasoningCapability } from '../../src/ir/index.ts'
import { protocols } from '../../src/protocols/index.ts'
import { createStateKeys } from '../../src/sessions/index.ts'
import { createLosses, prewarmAnswer, reasoningState, takeOutState } from '../../src/translation/index.ts'
import { oneCall, startGateway, type TestGateway } from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import {
  everywhere,
  heardBothWays,
  hearStream,
  hearWhole,
  prompted,
  question,
  saidWhole,
  sentBody,
  spoken,
} from './both-ways.ts'
import { type Client, clients, requestWire } from './cases.ts'
import { answer, codecOf, generousTarget } from './cell.ts'
import { heardWhole } from './heard.ts'
import { historyWith } from './history.ts'
import { list, member, words } from './json-path.ts'
import {
  callsTogether,
  failedBodies,
  failures,
  itemsTogether,
  messageItem,
  ranThere,
  recounted,
  refusals,
  responseBody,
  strangeBlocks,
  strangeItems,
  strangeParts,
  thoughtInParts,
  thoughtsAmongWords,
} from './odd-answers.ts'
import { callsIn, promptOf, resultsIn, schemaOf, statesIn, textIn, toolsIn } from './prompt.ts'
import {
  chatChunk,
  chatTail,
  type Ending,
  geminiChunk,
  providerUsage,
  streamFrom,
  type Word,
  wholeFrom,
} from './provider-answers.ts'

const endings: Readonly<Record<Client, Readonly<Record<Ending, string>>>> = {
  'anthropic-messages': { end: 'end_turn', calls: 'tool_use', length: 'max_tokens', refusal: 'refusal' },
  'openai-chat': { end: 'stop', calls: 'tool_calls', length: 'length', refusal: 'content_filter' },
  'openai-responses': {
    end: 'completed',
    calls: 'completed',
    length: 'max_output_tokens',
    refusal: 'content_filter',
  },
  gemini: { end: 'STOP', calls: 'STOP', length: 'MAX_TOKENS', refusal: 'SAFETY' },
}

/** What each takes as the id of a call. */
const callIds: Readonly<Record<Client, RegExp>> = {
  'anthropic-messages': /^[A-Za-z0-9_-]+$/,
  'openai-chat': /^[!-~]{1,64}$/,
  'openai-responses': /^[!-~]{1,64}$/,
  gemini: /^.+$/s,
}

const from =
  (...names: readonly Client[]) =>
  (_client: Client, upstream: Client): boolean =>
    names.includes(upstream)

/** What the client sends next, as its provider reads it. */
const nextPrompt = (client: Client, upstream: Client, body: string, options = generousTarget(upstream)) =>
  sentBody(client, upstream, historyWith(client, question(client), saidWhole(client, upstream, body)), {
    target: options,
  })

const weather = (call: string, input = '{"city":"Ulm"}'): Word => ({ call, name: 'get_weather', input })

let provider: TestUpstream
let gateway: Promise<TestGateway> | undefined

beforeAll(() => {
  provider = startUpstream()
})

afterAll(async () => {
  await (await gateway)?.stop()
  await provider.stop()
})

/** Most of what is tested here needs none. */
const startedGateway = (): Promise<TestGateway> =>
  startGateway({
    config: [
      ...oneCall,
      'providers:',
      `  anthropic-like: { kind: anthropic-compatible, base_url: "${provider.url}", api_key: sk-up }`,
      `  chat-like: { kind: openai-compatible, base_url: "${provider.url}/v1", api_key: sk-up }`,
    ],
  })

/** A request through a running gateway. */
const call = async (
  client: Client,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> => {
  gateway ??= startedGateway()
  const { url, key } = await gateway
  return fetch(`${url}${requestWire(client, '{}').path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

const hi = { messages: [{ role: 'user', content: 'Hi' }] }

describe('reasoning', () => {
  test('B1: what a model thinks is never said as text, however its provider mixes the two', () => {
    const thought = 'They must not see this.\n\nNor "this" 🤫.'
    everywhere((client, upstream) => {
      for (const heard of heardBothWays(client, upstream, {
        words: [{ thought, state: 'c3RhdGU=' }, { text: 'The answer is 2.' }],
      })) {
        expect(heard.text).toBe('The answer is 2.')
        expect(heard.thoughts).toBe(thought)
        expect(spoken(heard)).toEqual(['thoughts', 'text'])
        expect(heard.isWhole).toBe(true)
      }
      // Nor does what came back in a history become words, whoever's state it bears.
      const { read } = prompted(client, upstream, {
        turns: [
          { user: 'Hi' },
          { assistant: [{ thought, state: 'c3RhdGU=' }, { text: 'Two.' }] },
          { user: 'Go on' },
        ],
      })
      expect(textIn(read)).toBe('Hi|Two.|Go on')
    })
    everywhere((client, upstream) => {
      const heard = hearStream(client, upstream, thoughtsAmongWords)
      expect(heard.text).toBe('XYZ')
      expect(heard.thoughts.replaceAll('\n', '')).toBe('abcd')
    }, from('openai-chat'))
  })

  test('B2: neither thoughts nor hidden state get lost, there or back', () => {
    // Every summary part is heard, and each state comes back to its provider, in its order.
    const said: readonly Word[] = [
      { thought: 'One.', state: 'Zmlyc3Q=' },
      { hidden: 'aGlkZGVu' },
      { text: 'I look.' },
      { thought: 'Two.', state: 'c2Vjb25k' },
      weather('call_a'),
    ]
    const states = ['Zmlyc3Q=', 'aGlkZGVu', 'c2Vjb25k']
    everywhere(
      (client, upstream) => {
        // Gemini signs the part behind a thought, so two states cannot stand before one.
        const words = upstream === 'gemini' ? said.filter((word) => !('hidden' in word)) : said
        for (const heard of heardBothWays(client, upstream, { words })) {
          expect(heard.thoughts.replaceAll('\n', '')).toBe('One.Two.')
        }
        const next = nextPrompt(client, upstream, wholeFrom(upstream, { words }))
        expect(statesIn(next.read)).toEqual(
          states.filter((state) => upstream !== 'gemini' || state !== 'aGlkZGVu'),
        )
      },
      from('anthropic-messages', 'openai-responses', 'gemini'),
    )

    const chain = {
      id: 'rs_1',
      type: 'reasoning',
      summary: [],
      content: [{ type: 'reasoning_text', text: 'The chain.' }],
    }
    everywhere((client, upstream) => {
      for (const heard of [
        hearWhole(client, upstream, thoughtInParts.whole),
        hearStream(client, upstream, thoughtInParts.events),
      ]) {
        expect(heard.thoughts).toBe('First part.\n\nSecond part.')
        expect(heard.text).toBe('')
        expect(heard.states).toHaveLength(1)
      }
      expect(hearWhole(client, upstream, responseBody([chain])).thoughts).toBe('The chain.')
    }, from('openai-responses'))

    // Words of other dialects of Chat for the same thing.
    for (const dialect of [
      { reasoning: 'Thinking.' },
      { reasoning_details: [{ type: 'reasoning.text', text: 'Thinking.', index: 0 }] },
      { reasoning_details: [{ type: 'reasoning.summary', summary: 'Thinking.', index: 0 }] },
    ]) {
      everywhere((client, upstream) => {
        const heard = hearStream(client, upstream, [
          chatChunk({ role: 'assistant', content: '', ...dialect }),
          chatChunk({ content: 'Two.' }),
          chatChunk({}, 'stop'),
          ...chatTail,
        ])
        expect([heard.thoughts, heard.text]).toEqual(['Thinking.', 'Two.'])
      }, from('openai-chat'))
    }
  })

  test('B3: reasoning state goes to nobody but the account and the model that made it', () => {
    const state = 'c2VhbGVkIGJ5IGFuIGFjY291bnQ='
    const said: readonly Word[] = [{ thought: 'One.', state }, { text: 'I look.' }, weather('call_a')]
    everywhere(
      (client, upstream) => {
        const body = saidWhole(client, upstream, wholeFrom(upstream, { words: said }))
        const { states } = heardWhole(client, body)
        // A client of Gemini carries the ids of calls as well.
        expect(states.length).toBeGreaterThanOrEqual(1)
        for (const one of states) expect(one).not.toContain(state)
        const history = historyWith(client, question(client), body)
        const target = generousTarget(upstream)
        const strangers = [
          { ...target, credential: 'another account' },
          { ...target, provider: 'another provider' },
          { ...target, model: 'another-model' },
          ...clients.filter((one) => one !== client && one !== upstream).map(generousTarget),
        ]
        for (const stranger of strangers) {
          const { body: sent, warnings } = sentBody(client, stranger.protocol as Client, history, {
            target: stranger,
          })
          for (const secret of [state, ...states]) expect(sent).not.toContain(secret)
          expect(warnings.map(({ feature }) => feature)).toContain('reasoning')
        }
        // A provider of the client's own protocol gets the client's bytes, but not the state of another one.
        const own = takeOutState(requestWire(client, history), {
          codec: codecOf(client),
          organisation: 'tests',
          target: generousTarget(client),
          pass: reasoningState(createStateKeys(() => createSecretKey(new Uint8Array(32)))),
          losses: createLosses({ target: client, fieldPath: (path) => path, strict: false }),
        })
        const native = new TextDecoder().decode(own)
        expect(native).not.toBe('')
        for (const secret of [state, ...states]) expect(native).not.toContain(secret)
        expect(textIn(promptOf(client, native), 'assistant')).toBe('I look.')
        expect(callsIn(promptOf(client, native))).toMatchObject([{ name: 'get_weather' }])
      },
      from('anthropic-messages', 'openai-responses', 'gemini'),
    )

    // What no envelope of ours holds belongs to the client's own provider.
    everywhere((client, upstream) => {
      const { body } = prompted(client, upstream, {
        turns: [
          { user: 'Hi' },
          { assistant: [{ thought: 'One.', state }, { hidden: state }, { text: 'Two.' }] },
          { user: 'Go on' },
        ],
      })
      expect(body).not.toContain(state)
    })
  })

  test('B4: no state hides in the ids of calls, and no id is longer than its protocol takes', () => {
    const state = Buffer.alloc(1500, 'state').toString('base64')
    everywhere((client, upstream) => {
      const ids = ['call_one', 'call_two']
      for (const heard of heardBothWays(client, upstream, {
        words: [{ thought: 'One.', state }, ...ids.map((id) => weather(id))],
      })) {
        expect(heard.calls.map(({ id }) => id)).toEqual(ids)
      }
    })
    // A history that was begun with a gateway that does so.
    const long = (end: string): string => `call_1__thought__${'QUJD'.repeat(120)}${end}`
    const calls = [long('a'), long('b'), 'call.with:dots']
    everywhere((client, upstream) => {
      const { read } = prompted(client, upstream, {
        turns: [
          { user: 'Hi' },
          { assistant: calls.map((id) => weather(id)) },
          { results: calls.map((call) => ({ call, name: 'get_weather', output: `of ${call.slice(-1)}` })) },
        ],
        tools: [{ name: 'get_weather' }],
      })
      const ids = callsIn(read).map(({ id }) => words(id))
      expect(new Set(ids).size).toBe(3)
      for (const id of ids) expect(id).toMatch(callIds[upstream])
      expect(resultsIn(read).map(({ id, output }) => [id, output])).toEqual([
        [ids[0], 'of a'],
        [ids[1], 'of b'],
        [ids[2], 'of s'],
      ])
    })
  })

  test('B5: a call comes back with its thought signature in its own part, or with the word for a lost one', () => {
    const signature = 'c2lnbmVk'
    const lost = 'skip_thought_signature_validator'
    const signatures = (body: string): readonly unknown[] =>
      list(member(JSON.parse(body), 'contents')).flatMap((content) =>
        list(member(content, 'parts')).flatMap((part) =>
          member(part, 'functionCall') === undefined ? [] : [member(part, 'thoughtSignature')],
        ),
      )
    everywhere((client, upstream) => {
      const body = wholeFrom(upstream, {
        words: [{ thought: 'Both.', state: signature }, weather('call_a'), weather('call_b')],
      })
      expect(signatures(nextPrompt(client, upstream, body).body)).toEqual([signature, undefined])
      // Lost by the client, or of a model before: the first call of each step needs it.
      const step = (one: string, other: string) => [
        { assistant: [{ thought: 'Hm.', state: 'Zm9yZWlnbg==' }, weather(one), weather(other)] },
        { results: [one, other].map((call) => ({ call, name: 'get_weather', output: 'warm' })) },
      ]
      const { body: sent } = prompted(client, upstream, {
        turns: [
          { user: 'Hi' },
          ...step('call_a', 'call_b'),
          { assistant: [{ text: 'Warm.' }] },
          { user: 'And now?' },
          ...step('call_c', 'call_d'),
          ...step('call_e', 'call_f'),
        ],
        tools: [{ name: 'get_weather' }],
      })
      // It stays when the turn is over: the prompt only grows.
      expect(signatures(sent)).toEqual([lost, undefined, lost, undefined, lost, undefined])
      expect(sent).not.toContain('Zm9yZWlnbg==')
    }, from('gemini'))

    // Clients of Gemini send signatures back URL-safe and without padding.
    everywhere(
      (client, upstream) => {
        const state = '+/+/c3RhdGU='
        const body = saidWhole(
          client,
          upstream,
          wholeFrom(upstream, { words: [{ thought: 'One.', state }, weather('call_a')] }),
        )
        const [envelope = ''] = heardWhole(client, body).states
        expect(envelope).toMatch(/^[A-Za-z0-9+/]+=*$/)
        const respelled = envelope.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
        const history = historyWith(client, question(client), body).replaceAll(envelope, respelled)
        expect(statesIn(sentBody(client, upstream, history).read)).toEqual([state])
      },
      (client, upstream) => client === 'gemini' && upstream !== 'openai-chat',
    )
  })
})

describe('calls in answers', () => {
  test('B6: an answer with open calls ends for calls, whatever its provider says, and one without does not', () => {
    everywhere((client, upstream) => {
      for (const heard of heardBothWays(client, upstream, {
        words: [{ text: 'I look.' }, weather('call_a')],
      })) {
        expect(heard.finish).toBe(endings[client].calls)
        expect(heard.calls).toHaveLength(1)
      }
      for (const heard of heardBothWays(client, upstream, { words: [{ text: 'Done.' }] })) {
        expect(heard.finish).toBe(endings[client].end)
      }
      // But a call that was cut off is none.
      const cut: readonly Word[] =
        upstream === 'openai-chat' ? [weather('call_a', '{"city":"U')] : [{ text: 'Do' }]
      for (const heard of heardBothWays(client, upstream, { words: cut, ending: 'length' })) {
        expect(heard.finish).toBe(endings[client].length)
      }
    })
    const cutCall = saidWhole(
      'openai-responses',
      'openai-chat',
      wholeFrom('openai-chat', { words: [weather('call_a', '{"city":"U')], ending: 'length' }),
    )
    expect(member(JSON.parse(cutCall), 'output')).toMatchObject([
      { type: 'function_call', arguments: '{"city":"U', status: 'incomplete' },
    ])
    // Some backends of Chat say that they stop, and call all the same.
    everywhere((client, upstream) => {
      for (const heard of heardBothWays(client, upstream, { words: [weather('call_a')], ending: 'end' })) {
        expect(heard.finish).toBe(endings[client].calls)
      }
    }, from('openai-chat'))
    // Gemini says STOP behind the call, in a chunk of its own.
    everywhere((client, upstream) => {
      const heard = hearStream(client, upstream, [
        geminiChunk([{ functionCall: { id: 'a', name: 'now', args: {} } }]),
        geminiChunk([{ text: '' }]),
        geminiChunk([{ text: '' }], { finishReason: 'STOP' }),
      ])
      expect(heard.finish).toBe(endings[client].calls)
    }, from('gemini'))
  })

  test('B7: calls and texts that overlap at the provider arrive one after the other, and all of them', () => {
    const calls = ['{"city":"Ulm","days":1}', '{"city":"Bern"}', '{}'].map((input, index) => ({
      id: `call_${index}`,
      name: index === 2 ? 'now' : 'get_weather',
      input,
    }))
    const overlapping: Readonly<Partial<Record<Client, readonly (readonly (object | string)[])[]>>> = {
      'openai-chat': callsTogether,
      'openai-responses': [itemsTogether],
    }
    everywhere((client, upstream) => {
      for (const events of overlapping[upstream] ?? []) {
        const heard = hearStream(client, upstream, events)
        expect(heard.calls).toEqual(calls)
        expect(heard.text).toBe('Both.')
        expect(heard.finish).toBe(endings[client].calls)
        expect(heard.isWhole).toBe(true)
      }
    })
    everywhere((client, upstream) => {
      for (const heard of heardBothWays(client, upstream, {
        words: [
          weather('call_0'),
          { text: 'and' },
          weather('call_1'),
          weather('call_2', '{"city":"Ulm","n":2}'),
        ],
      })) {
        expect(heard.calls.map(({ id }) => id)).toEqual(['call_0', 'call_1', 'call_2'])
        expect(heard.calls[2]?.input).toBe('{"city":"Ulm","n":2}')
      }
    })
  })

  test('B8: the arguments of a call arrive as their provider wrote them, also where they come in one piece', () => {
    const input =
      '{"city":"Ulm \\u00e9","days":1.0,"id":12345678901234567890,"z":-0,"2":[],"1":{"deep":[null,{}]}}'
    everywhere((client, upstream) => {
      for (const heard of heardBothWays(client, upstream, { words: [weather('call_a', input)] })) {
        expect(heard.calls).toEqual([{ id: 'call_a', name: 'get_weather', input }])
      }
    })
    // Vertex names each value by its path, and cuts strings.
    const partial = (partialArgs: readonly object[], willContinue: boolean, head: object = {}) =>
      geminiChunk([{ functionCall: { ...head, partialArgs, willContinue } }])
    everywhere((client, upstream) => {
      const heard = hearStream(client, upstream, [
        partial([], true, { id: 'call_a', name: 'get_weather' }),
        partial([{ jsonPath: '$.city', stringValue: 'Neu-', willContinue: true }], true),
        partial([{ jsonPath: '$.city', stringValue: 'Ulm' }], true),
        partial([{ jsonPath: '$.days', numberValue: 2 }], true),
        partial([], false),
        geminiChunk([{ text: '' }], { finishReason: 'STOP' }),
      ])
      expect(heard.calls.map(({ id, name }) => [id, name])).toEqual([['call_a', 'get_weather']])
      expect(JSON.parse(heard.calls[0]?.input ?? '')).toEqual({ city: 'Neu-Ulm', days: 2 })
      expect(heard.finish).toBe(endings[client].calls)
    }, from('gemini'))
  })

  test('B9: no stray {} stands before arguments, and what ran at the provider is no call of the client', () => {
    everywhere((client, upstream) => {
      for (const heard of heardBothWays(client, upstream, {
        words: [weather('call_a'), { call: 'call_b', name: 'now', input: '' }],
      })) {
        expect(heard.calls.map(({ input }) => input)).toEqual(['{"city":"Ulm"}', '{}'])
      }
    })
    everywhere((client, upstream) => {
      if (upstream === 'openai-chat') return
      const { whole, events } = ranThere[upstream]
      expect(saidWhole(client, upstream, whole)).not.toContain('"tool_calls"')
      for (const heard of [hearWhole(client, upstream, whole), hearStream(client, upstream, events)]) {
        expect(heard.calls).toEqual([])
        expect(heard.text).toBe('Found.')
        expect(heard.finish).toBe(endings[client].end)
      }
    })
  })
})

describe('ends and counts', () => {
  test('B10: a failure of the provider is told as one, never as an end', async () => {
    everywhere((client, upstream) => {
      const events = streamFrom(upstream, { words: [{ text: 'Hello' }] }).map(({ data }): object | string =>
        data === '[DONE]' ? data : JSON.parse(data),
      )
      for (const failure of failures[upstream]) {
        // At once, and after the first words.
        for (const heard of [
          hearStream(client, upstream, [failure]),
          hearStream(client, upstream, [...events.slice(0, -3), failure]),
        ]) {
          expect(heard.isWhole).toBe(false)
          expect(heard.error).toMatchObject({ message: expect.stringMatching(/./) })
          expect([undefined, 'failed']).toContain(words(heard.finish) || undefined)
        }
      }
      // Cut behind any event, but for the proof that the answer is whole.
      events.forEach((_event, length) => {
        // Chat has said it all with its finish reason.
        const isWhole = upstream === 'openai-chat' && length >= events.length - 2
        const heard = hearStream(client, upstream, events.slice(0, length))
        expect([length, heard.isWhole]).toEqual([length, isWhole])
        expect([length, heard.error === undefined]).toEqual([length, isWhole])
      })
    })
    everywhere((client, upstream) => {
      const { ended, error } = protocols[upstream].meterBody(bytes(failedBodies[upstream]), 'generate')
      expect([ended, error?.message]).toEqual(['failed', 'Overloaded'])
      if (error === undefined) return
      const told = protocols[client].errors.encode(error, { requestId: 'req_test' })
      expect(told.status).toBeGreaterThanOrEqual(500)
      expect(member(JSON.parse(told.body), 'error', 'message')).toBe('Overloaded')
    })
    // Before the first word the status still tells of it, though the provider's was 200.
    provider.answer = () =>
      new Response(`event: error\ndata: ${JSON.stringify(failures['anthropic-messages'][0])}\n\n`, {
        headers: { 'content-type': 'text/event-stream' },
      })
    const refused = await call('openai-chat', {
      ...hi,
      model: 'anthropic-like/claude-sonnet-4-5',
      stream: true,
    })
    expect(refused.status).toBe(503)
    expect(member(await refused.json(), 'error', 'message')).toContain('Overloaded')
  })

  test('B11: tokens of the cache are counted once, by each protocol in its own way', () => {
    const read = { openai: { cached_tokens: 80 }, thoughts: { reasoning_tokens: 8 } }
    const counted = (client: Client, written: number): object => {
      switch (client) {
        case 'anthropic-messages':
          return {
            input_tokens: 120 - 80 - written,
            cache_read_input_tokens: 80,
            output_tokens: 40,
            output_tokens_details: { thinking_tokens: 8 },
          }
        case 'openai-chat':
          return {
            prompt_tokens: 120,
            completion_tokens: 40,
            total_tokens: 160,
            prompt_tokens_details: {
              ...read.openai,
              ...(written > 0 ? { cache_write_tokens: written } : {}),
            },
            completion_tokens_details: read.thoughts,
          }
        case 'openai-responses':
          return {
            input_tokens: 120,
            output_tokens: 40,
            total_tokens: 160,
            input_tokens_details: { ...read.openai, cache_write_tokens: written },
            output_tokens_details: read.thoughts,
          }
        case 'gemini':
          return {
            promptTokenCount: 120,
            cachedContentTokenCount: 80,
            candidatesTokenCount: 32,
            thoughtsTokenCount: 8,
            totalTokenCount: 160,
          }
      }
    }
    everywhere((client, upstream) => {
      const written = upstream === 'anthropic-messages' ? 20 : 0
      for (const { usage } of heardBothWays(client, upstream, { words: [{ text: 'Hello' }] })) {
        expect(usage).toMatchObject(counted(client, written))
      }
    })
    // What nobody counted is unknown, and not 0.
    everywhere((client, upstream) => {
      const plain = wholeFrom(upstream, { words: [{ text: 'Hello' }] })
      const { usage } = hearWhole(client, upstream, plain.replace(/"usage(Metadata)?":\{/, '"ignored":{'))
      expect(JSON.stringify(usage ?? {})).not.toMatch(/[1-9]/)
    })
    // DeepSeek's words for it.
    const { prompt_tokens_details: _details, ...plainUsage } = {
      prompt_tokens_details: {},
      ...providerUsage['openai-chat'],
    }
    everywhere((client, upstream) => {
      const { usage } = hearStream(client, upstream, [
        chatChunk({ role: 'assistant', content: 'Hello' }),
        chatChunk({}, 'stop'),
        {
          ...chatChunk({}),
          choices: [],
          usage: { ...plainUsage, prompt_cache_hit_tokens: 80, prompt_cache_miss_tokens: 40 },
        },
        '[DONE]',
      ])
      expect(usage).toMatchObject(counted(client, 0))
    }, from('openai-chat'))
  })

  test('B12: counters that come again are the later ones, and never a sum', () => {
    const output: Readonly<Record<Client, string>> = {
      'anthropic-messages': 'output_tokens',
      'openai-chat': 'completion_tokens',
      'openai-responses': 'output_tokens',
      gemini: 'candidatesTokenCount',
    }
    const input: Readonly<Record<Client, string>> = {
      'anthropic-messages': 'input_tokens',
      'openai-chat': 'prompt_tokens',
      'openai-responses': 'input_tokens',
      gemini: 'promptTokenCount',
    }
    everywhere((client, upstream) => {
      if (upstream === 'openai-responses') return
      const heard = hearStream(client, upstream, recounted[upstream])
      expect(heard.usage).toMatchObject({ [output[client]]: 40, [input[client]]: 70 })
      expect([heard.isWhole, heard.finish]).toEqual([true, endings[client].end])
    })
  })
})

describe('content', () => {
  test('B13: citations are heard behind the words that they are about, and go back as annotations', () => {
    const source = { url: 'https://example.com/a', title: 'Example' }
    const other = { url: 'https://example.org/b', title: 'Other' }
    const said: readonly Word[] = [
      { text: 'Ää 🎈 said ' },
      { text: 'see here', cites: source },
      { text: ', and ' },
      { text: 'thére', cites: other },
    ]
    everywhere((client, upstream) => {
      const [whole, streamed] = heardBothWays(client, upstream, { words: said })
      expect(whole?.text).toBe('Ää 🎈 said see here, and thére')
      expect(whole?.citations).toEqual([
        { url: source.url, covered: 'see here' },
        { url: other.url, covered: 'thére' },
      ])
      expect(streamed?.text).toBe('Ää 🎈 said see here, and thére')
      expect(streamed?.citations.map(({ url }) => url)).toEqual([source.url, other.url])
      // Chat and Gemini cite when the words are gone: a client of Anthropic's gets it behind the last of them.
      const isLate = client === 'anthropic-messages' && upstream !== 'openai-responses'
      if (!isLate) {
        expect(streamed?.citations.map(({ covered }) => covered)).toEqual(['see here', 'thére'])
      }
    })
    // Strict backends refuse parts of the assistant without the list; one string needs none.
    everywhere((client, upstream) => {
      const { body } = prompted(client, upstream, {
        turns: [{ user: 'Hi' }, { assistant: [{ text: 'Two. ' }, { text: 'Three.' }] }, { user: 'Go on' }],
      })
      expect(spokenBefore(body)).toEqual([
        client === 'anthropic-messages'
          ? ['Two. ', 'Three.'].map((text) => ({ type: 'output_text', text, annotations: [] }))
          : 'Two. Three.',
      ])
    }, from('openai-responses'))
    const cited = wholeFrom('openai-responses', { words: said.slice(0, 2) })
    expect(spokenBefore(nextPrompt('anthropic-messages', 'openai-responses', cited).body)).toEqual([
      [
        {
          type: 'output_text',
          text: 'Ää 🎈 said see here',
          annotations: [{ type: 'url_citation', ...source, start_index: 10, end_index: 18 }],
        },
      ],
    ])
  })

  test('B14: words stay before, between and behind calls, and stop strings stop', () => {
    const keepsOrder = (protocol: Client): boolean => protocol !== 'openai-chat'
    const said: readonly Word[] = [
      { text: 'First. ' },
      weather('call_a'),
      { text: 'Second. ' },
      weather('call_b'),
      { text: 'Third.' },
    ]
    const mixed = ['text', 'call', 'text', 'call', 'text']
    everywhere((client, upstream) => {
      for (const heard of heardBothWays(client, upstream, { words: said })) {
        expect(heard.text).toBe('First. Second. Third.')
        expect(heard.calls.map(({ id }) => id)).toEqual(['call_a', 'call_b'])
        if (keepsOrder(client) && keepsOrder(upstream)) expect(spoken(heard)).toEqual(mixed)
      }
      const { read } = prompted(client, upstream, {
        turns: [
          { user: 'Hi' },
          { assistant: said },
          {
            results: ['call_a', 'call_b'].map((call) => ({ call, name: 'get_weather', output: call })),
          },
          { user: 'Go on' },
        ],
        tools: [{ name: 'get_weather' }],
      })
      const kinds = read.filter(({ kind }) => kind !== 'thoughts').map(({ kind }) => kind)
      if (keepsOrder(client) && keepsOrder(upstream)) {
        expect(kinds).toEqual([
          'text',
          ...mixed.map((kind) => (kind === 'call' ? 'call' : 'text')),
          'result',
          'result',
          'text',
        ] as typeof kinds)
      } else {
        expect(kinds.filter((kind) => kind !== 'text')).toEqual(['call', 'call', 'result', 'result'])
        expect(textIn(read, 'assistant').replaceAll('|', '')).toBe('First. Second. Third.')
      }
      expect(resultsIn(read).map(({ output }) => output)).toEqual(['call_a', 'call_b'])
    })

    // Stop strings: said to who takes them, cut out here for who does not.
    const stops: Readonly<Record<Client, object>> = {
      'anthropic-messages': { stop_sequences: ['END', '###'] },
      'openai-chat': { stop: ['END', '###'] },
      'openai-responses': {},
      gemini: { generationConfig: { stopSequences: ['END', '###'] } },
    }
    everywhere(
      (client, upstream) => {
        const request = { turns: [{ user: 'Hi' }], more: stops[client] }
        const options = {
          target: {
            ...generousTarget(upstream),
            capabilities: {
              ...generousTarget(upstream).capabilities,
              stopSequences: upstream === 'openai-responses' ? 0 : 4,
            },
          },
        }
        const { body, asked } = prompted(client, upstream, request, options)
        const sent: unknown = JSON.parse(body)
        expect(
          member(sent, 'stop_sequences') ??
            member(sent, 'stop') ??
            member(sent, 'generationConfig', 'stopSequences'),
        ).toEqual(upstream === 'openai-responses' ? undefined : ['END', '###'])
        if (upstream !== 'openai-responses') return
        for (const heard of heardBothWays(
          client,
          upstream,
          { words: [{ text: 'One. EN ENDless' }] },
          asked,
        )) {
          expect(heard.text).toBe('One. EN ')
          expect(heard.finish).toBe(client === 'anthropic-messages' ? 'stop_sequence' : endings[client].end)
        }
      },
      (client) => client !== 'openai-responses',
    )
  })

  test("B15: a tool of the client that is named like one of a provider stays the client's", () => {
    const names = [
      'web_search',
      'web_fetch',
      'code_execution',
      'bash',
      'computer',
      'file_search',
      'apply_patch',
      'shell',
      'memory',
    ]
    const schema = { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] }
    everywhere((client, upstream) => {
      const { body, read, asked } = prompted(client, upstream, {
        turns: [
          { user: 'Hi' },
          { assistant: [{ call: 'call_a', name: 'web_search', input: '{"query":"Ulm"}' }] },
          { results: [{ call: 'call_a', name: 'web_search', output: 'found' }] },
        ],
        tools: names.map((name) => ({ name, schema })),
      })
      const tools = toolsIn(upstream, body)
      expect([...tools.keys()]).toEqual(names)
      for (const tool of tools.values()) {
        expect(schemaOf(tool)).toMatchObject(schema)
        expect([undefined, 'custom', 'function']).toContain(words(member(tool, 'type')) || undefined)
      }
      expect(callsIn(read)).toMatchObject([{ name: 'web_search', input: '{"query":"Ulm"}' }])
      expect(resultsIn(read)).toMatchObject([{ output: 'found' }])
      for (const name of names) {
        const said: readonly Word[] = [{ call: 'call_b', name, input: '{"query":"Bern"}' }]
        for (const heard of heardBothWays(client, upstream, { words: said }, asked)) {
          expect(heard.calls).toEqual([{ id: 'call_b', name, input: '{"query":"Bern"}' }])
          expect(heard.finish).toBe(endings[client].calls)
        }
      }
    })
  })

  test('B16: arguments that are no JSON object are brought over as they are, and never as {}', () => {
    const broken = ['{"city":"U', '[1,2]', '"Ulm"', 'null', 'Ulm']
    const keepsText = (protocol: Client): boolean =>
      protocol === 'openai-chat' || protocol === 'openai-responses'
    everywhere(
      (client, upstream) => {
        for (const input of broken) {
          const { read } = prompted(client, upstream, {
            turns: [
              { user: 'Hi' },
              { assistant: [weather('call_a', input)] },
              { results: [{ call: 'call_a', name: 'get_weather', output: 'no such city' }] },
            ],
            tools: [{ name: 'get_weather' }],
          })
          const [call] = callsIn(read)
          expect(keepsText(upstream) ? call?.input : JSON.parse(call?.input ?? '')).toEqual(
            keepsText(upstream) ? input : { INVALID_JSON: input },
          )
        }
      },
      (client) => keepsText(client),
    )
    everywhere(
      (client, upstream) => {
        for (const input of broken) {
          const [whole, streamed] = heardBothWays(client, upstream, { words: [weather('call_a', input)] })
          for (const heard of [whole, streamed]) {
            const [{ input: told } = { input: '' }] = heard?.calls ?? []
            // What began like an object and is said word by word cannot be taken back: the stop reason tells of it.
            const isSaidAlready =
              client === 'anthropic-messages' && heard === streamed && input.startsWith('{')
            if (keepsText(client) || isSaidAlready) expect(told).toBe(input)
            else expect(JSON.parse(told)).toEqual({ INVALID_JSON: input })
            if (isSaidAlready) expect(heard?.finish).toBe('max_tokens')
          }
        }
      },
      from('openai-chat', 'openai-responses'),
    )
    // And back to the words that the provider wrote.
    everywhere(
      (client, upstream) => {
        const { read } = prompted(client, upstream, {
          turns: [
            { user: 'Hi' },
            { assistant: [weather('call_a', JSON.stringify({ INVALID_JSON: '{"city":"U' }))] },
            { results: [{ call: 'call_a', name: 'get_weather', output: 'no such city' }] },
          ],
          tools: [{ name: 'get_weather' }],
        })
        expect(callsIn(read)).toMatchObject([{ input: '{"city":"U' }])
      },
      (client, upstream) => !keepsText(client) && keepsText(upstream),
    )
    // Nothing at all is an empty object.
    everywhere((client, upstream) => {
      for (const heard of heardBothWays(client, upstream, {
        words: [{ call: 'call_a', name: 'now', input: '' }],
      })) {
        expect(heard.calls).toMatchObject([{ input: '{}' }])
      }
    })
  })
})

describe('settings', () => {
  test('B17: an output limit of 0 warms the cache, and is never taken for none', async () => {
    const warming: Readonly<Record<Client, object>> = {
      'anthropic-messages': { max_tokens: 0 },
      'openai-chat': { max_completion_tokens: 0 },
      'openai-responses': { prompt_cache_options: { prewarm: true } },
      gemini: { generationConfig: { maxOutputTokens: 0 } },
    }
    everywhere((client, upstream) => {
      const request = { turns: [{ user: 'Hi' }], more: warming[client] }
      const target = generousTarget(upstream)
      const { body, asked } = prompted(client, upstream, request, { target })
      const sent: unknown = JSON.parse(body)
      const local = prewarmAnswer(asked.asked, target)
      if (upstream === 'anthropic-messages') expect(member(sent, 'max_tokens')).toBe(0)
      else if (upstream === 'openai-responses') {
        expect(member(sent, 'prompt_cache_options')).toMatchObject({ prewarm: true })
        expect(member(sent, 'max_output_tokens')).toBeUndefined()
      } else {
        // Nobody is asked, and nothing is billed.
        expect(local?.usage).toEqual({ inputTokens: 0, outputTokens: 0 })
        const said = heardWhole(client, answer(local ?? never(), client, asked).body)
        expect([said.text, said.calls, said.finish]).toEqual(['', [], endings[client].length])
        // And were it asked, then for as little as it takes, not for as much.
        const limit =
          member(sent, 'max_completion_tokens') ?? member(sent, 'generationConfig', 'maxOutputTokens')
        expect(limit).toBe(target.capabilities.minOutputTokens)
        return
      }
      expect(local).toBeUndefined()
    })
    const asked = provider.seen.length
    const warmed = await call('anthropic-messages', { ...hi, model: 'chat-like/gpt-4.1', max_tokens: 0 })
    expect(warmed.status).toBe(200)
    expect(await warmed.json()).toMatchObject({ content: [], stop_reason: 'max_tokens' })
    expect(warmed.headers.get('x-tollgate-warnings')).toContain('prewarm')
    expect(provider.seen.length).toBe(asked)
  })

  test('B18: thinking that the client turned off is turned off, or as little as there is and told', () => {
    const off: Readonly<Record<Client, object>> = {
      'anthropic-messages': { thinking: { type: 'disabled' } },
      'openai-chat': { reasoning_effort: 'none' },
      'openai-responses': { reasoning: { effort: 'none' } },
      gemini: { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } },
    }
    const settingOf = (upstream: Client, body: string): unknown => {
      const sent: unknown = JSON.parse(body)
      switch (upstream) {
        case 'anthropic-messages':
          return member(sent, 'thinking')
        case 'openai-chat':
          return member(sent, 'reasoning_effort')
        case 'openai-responses':
          return member(sent, 'reasoning', 'effort')
        case 'gemini':
          return member(sent, 'generationConfig', 'thinkingConfig')
      }
    }
    const budget = {
      control: 'budget',
      efforts: [],
      minBudget: 128,
      maxBudget: 32_768,
      readable: true,
    } as const
    const able: Readonly<Record<Client, unknown>> = {
      'anthropic-messages': { type: 'disabled' },
      'openai-chat': 'none',
      'openai-responses': 'none',
      gemini: expect.objectContaining({ thinkingBudget: 0 }),
    }
    const weakest: Readonly<Record<Client, unknown>> = {
      'anthropic-messages': expect.objectContaining({ type: 'adaptive' }),
      'openai-chat': 'minimal',
      'openai-responses': 'minimal',
      gemini: expect.objectContaining({ thinkingLevel: expect.stringMatching(/^minimal$/i) }),
    }
    everywhere((client, upstream) => {
      const request = { turns: [{ user: 'Hi' }], more: off[client] }
      const target = generousTarget(upstream)
      const { reasoning } = target.capabilities
      const as = (capability: ReasoningCapability) => ({
        target: { ...target, capabilities: { ...target.capabilities, reasoning: capability } },
      })
      const canDisable =
        upstream === 'gemini' ? { ...budget, canDisable: true } : { ...reasoning, canDisable: true }
      const obedient = prompted(client, upstream, request, as(canDisable))
      expect(settingOf(upstream, obedient.body)).toEqual(able[upstream])
      const efforts = reasoning.efforts.filter((effort) => effort !== 'none')
      const stubborn = prompted(client, upstream, request, as({ ...reasoning, efforts, canDisable: false }))
      expect(settingOf(upstream, stubborn.body)).toEqual(weakest[upstream])
      expect(stubborn.warnings.map(({ code }) => code)).toContain('approximated')
    })
  })

  test('B19: long names of end users are hashed, not cut, so that two of them stay two', () => {
    const names: Readonly<Record<Client, (name: string) => object>> = {
      'anthropic-messages': (name) => ({ metadata: { user_id: name } }),
      'openai-chat': (name) => ({ safety_identifier: name }),
      'openai-responses': (name) => ({ user: name }),
      gemini: () => ({}),
    }
    everywhere(
      (client, upstream) => {
        const nameOf = (name: string): unknown => {
          const { body } = prompted(client, upstream, { turns: [{ user: 'Hi' }], more: names[client](name) })
          const sent: unknown = JSON.parse(body)
          return (
            member(sent, 'metadata', 'user_id') ?? member(sent, 'safety_identifier') ?? member(sent, 'user')
          )
        }
        const common = 'user-'.repeat(64)
        const [one, other] = [nameOf(`${common}a`), nameOf(`${common}b`)]
        expect(words(one)).toMatch(/^[0-9a-f]{64}$/)
        expect(words(other)).toMatch(/^[0-9a-f]{64}$/)
        expect(one).not.toBe(other)
        expect(nameOf(`${common}a`)).toBe(one)
        const fits = 'a'.repeat(upstream === 'anthropic-messages' ? 256 : 128)
        expect(nameOf(fits)).toBe(fits)
        expect(nameOf(`${fits}a`)).toMatch(/^[0-9a-f]{64}$/)
      },
      (client, upstream) => client !== 'gemini' && upstream !== 'gemini',
    )
  })
})

describe('what only one protocol has', () => {
  test('B20: items that the client has no word for open nothing, and nothing ends twice', () => {
    const strange: Readonly<Partial<Record<Client, readonly (readonly (object | string)[])[]>>> = {
      'openai-responses': strangeItems,
      'anthropic-messages': [strangeBlocks],
      gemini: [strangeParts],
    }
    everywhere((client, upstream) => {
      for (const events of strange[upstream] ?? []) {
        const heard = hearStream(client, upstream, events)
        expect([heard.text, heard.isWhole, heard.finish]).toEqual(['Found.', true, endings[client].end])
        expect(heard.calls).toEqual([])
      }
    })
  })

  test('B21: results that hold $ref reach Gemini as words, so that nothing follows the reference', () => {
    const output = '{"$ref":"#/$defs/city","$defs":{"city":{"type":"string"}},"at":[{"$anchor":"x"}]}'
    everywhere((client, upstream) => {
      const { body } = prompted(client, upstream, {
        turns: [
          { user: 'Hi' },
          { assistant: [weather('call_a')] },
          { results: [{ call: 'call_a', name: 'get_weather', output }] },
        ],
        tools: [{ name: 'get_weather' }],
      })
      const responses = list(member(JSON.parse(body), 'contents')).flatMap((content) =>
        list(member(content, 'parts')).map((part) => member(part, 'functionResponse', 'response')),
      )
      expect(responses.filter((response) => response !== undefined)).toEqual([{ output }])
    }, from('gemini'))
  })

  test('B22: Gemini gets the schemas of tools and answers where it takes all keywords, and others get JSON Schema', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        city: { $ref: '#/$defs/city' },
        unit: { const: 'celsius' },
        days: { type: ['integer', 'null'], minimum: 1, exclusiveMaximum: 9 },
        when: { oneOf: [{ type: 'string', format: 'date' }, { type: 'null' }] },
      },
      required: ['city'],
      additionalProperties: false,
      $defs: { city: { type: 'string', pattern: '^[A-Z]' } },
    }
    const { $schema: _dialect, ...plain } = schema
    const formats: Readonly<Partial<Record<Client, object>>> = {
      'anthropic-messages': { output_config: { format: { type: 'json_schema', schema } } },
      'openai-chat': { response_format: { type: 'json_schema', json_schema: { name: 'report', schema } } },
      'openai-responses': {
        text: { format: { type: 'json_schema', name: 'report', schema, strict: false } },
      },
    }
    everywhere((client, upstream) => {
      const { body } = prompted(client, upstream, {
        turns: [{ user: 'Hi' }],
        tools: [{ name: 'get_weather', schema }, { name: 'now' }],
        ...(formats[client] === undefined ? {} : { more: formats[client] }),
      })
      for (const tool of toolsIn(upstream, body).values()) expect(member(tool, 'parameters')).toBeUndefined()
      expect(schemaOf(toolsIn(upstream, body).get('get_weather'))).toEqual(plain)
      const config = member(JSON.parse(body), 'generationConfig')
      expect(member(config, 'responseMimeType')).toBe('application/json')
      expect(member(config, 'responseSchema')).toBeUndefined()
      expect(member(config, 'responseJsonSchema')).toMatchObject({
        type: 'object',
        properties: { city: { $ref: '#/$defs/city' }, unit: { enum: ['celsius'] } },
        required: ['city'],
      })
      expect(JSON.stringify(config)).not.toMatch(/"(?:\$schema|const)":/)
    }, from('gemini'))
    // Google's own dialect is none that others take.
    const google = {
      type: 'OBJECT',
      properties: {
        city: { type: 'STRING', nullable: true },
        tags: { type: 'ARRAY', items: { type: 'STRING' }, maxItems: '3' },
      },
      propertyOrdering: ['tags', 'city'],
    }
    everywhere(
      (client, upstream) => {
        const { body } = prompted(client, upstream, {
          turns: [{ user: 'Hi' }],
          more: { tools: [{ functionDeclarations: [{ name: 'get_weather', parameters: google }] }] },
        })
        expect(schemaOf(toolsIn(upstream, body).get('get_weather'))).toEqual({
          type: 'object',
          properties: {
            tags: { type: 'array', items: { type: 'string' }, maxItems: 3 },
            city: { type: ['string', 'null'] },
          },
        })
      },
      (client) => client === 'gemini',
    )
  })

  test('B23: patches, shells and free text of a Responses client are called and answered anywhere', () => {
    const operation = { type: 'update_file', path: 'a.ts', diff: '@@\n-1\n+2' }
    const tools = [
      { type: 'apply_patch' },
      { type: 'local_shell' },
      { type: 'custom', name: 'code', description: 'Runs code.' },
    ]
    const input = [
      { role: 'user', content: 'Hi' },
      { type: 'apply_patch_call', id: 'apc_1', call_id: 'call_a', status: 'completed', operation },
      { type: 'apply_patch_call_output', call_id: 'call_a', status: 'completed', output: 'patched' },
      {
        type: 'local_shell_call',
        id: 'lsh_1',
        call_id: 'call_b',
        status: 'completed',
        action: { type: 'exec', command: ['ls', '-l'], env: {} },
      },
      { type: 'local_shell_call_output', id: 'lsho_1', call_id: 'call_b', output: 'a.ts' },
      { type: 'custom_tool_call', call_id: 'call_c', name: 'code', input: 'print("x")\n' },
      { type: 'custom_tool_call_output', call_id: 'call_c', output: 'x' },
    ]
    everywhere(
      (client, upstream) => {
        const body = JSON.stringify({ model: 'model', store: false, input, tools })
        const target = {
          ...generousTarget(upstream),
          capabilities: { ...generousTarget(upstream).capabilities, customTools: false },
        }
        const prompt = sentBody(client, upstream, body, { target })
        expect([...toolsIn(upstream, prompt.body).keys()]).toEqual(['apply_patch', 'local_shell', 'code'])
        expect(callsIn(prompt.read).map((call) => [call.name, JSON.parse(call.input)])).toEqual([
          ['apply_patch', { operation }],
          ['local_shell', { command: ['ls', '-l'], env: {} }],
          ['code', { input: 'print("x")\n' }],
        ])
        const results = resultsIn(prompt.read)
        expect(results.map(({ output }) => output)).toEqual([
          expect.stringContaining('patched'),
          expect.stringContaining('a.ts'),
          'x',
        ])
        if (upstream !== 'gemini') {
          expect(results.map(({ id }) => id)).toEqual(callsIn(prompt.read).map(({ id }) => id))
        }
        const said: readonly Word[] = [
          { call: 'call_d', name: 'apply_patch', input: JSON.stringify({ operation }) },
          { call: 'call_e', name: 'code', input: JSON.stringify({ input: 'print("y")\n' }) },
        ]
        const items = list(
          member(
            JSON.parse(saidWhole(client, upstream, wholeFrom(upstream, { words: said }), prompt.asked)),
            'output',
          ),
        )
        expect(items).toMatchObject([
          { type: 'apply_patch_call', call_id: 'call_d', operation },
          { type: 'custom_tool_call', call_id: 'call_e', name: 'code', input: 'print("y")\n' },
        ])
        for (const heard of heardBothWays(client, upstream, { words: said }, prompt.asked)) {
          expect(heard.order).toEqual(['apply_patch_call', 'custom_tool_call'])
        }
      },
      (client) => client === 'openai-responses',
    )
  })

  test('B24: names of tools and lists of betas keep their letters; only a made-up prefix of Gemini is taken away', async () => {
    const names = ['GetWeather', 'getweather', 'mcp__Docs__Search', 'get-weather', 'default_api']
    everywhere((client, upstream) => {
      const { body, read, asked } = prompted(client, upstream, {
        turns: [
          { user: 'Hi' },
          { assistant: names.map((name) => ({ call: `call_${name}`, name, input: '{}' })) },
          { results: names.map((name) => ({ call: `call_${name}`, name, output: name })) },
        ],
        tools: names.map((name) => ({ name })),
      })
      expect([...toolsIn(upstream, body).keys()]).toEqual(names)
      expect(callsIn(read).map(({ name }) => name)).toEqual(names)
      for (const heard of heardBothWays(
        client,
        upstream,
        { words: names.map((name) => ({ call: `call_${name}`, name, input: '{}' })) },
        asked,
      )) {
        expect(heard.calls.map(({ name }) => name)).toEqual(names)
      }
      const prefixed: readonly Word[] = ['default_api:GetWeather', 'default_api:Unknown'].map(
        (name, index) => ({ call: `call_${index}`, name, input: '{}' }),
      )
      for (const heard of heardBothWays(client, upstream, { words: prefixed }, asked)) {
        const [known, unknown] = heard.calls.map(({ name }) => name)
        expect(known).toBe(upstream === 'gemini' ? 'GetWeather' : 'default_api:GetWeather')
        expect(unknown).toBe('default_api:Unknown')
      }
    })
    const betas =
      'interleaved-thinking-2025-05-14,Future-Beta-2027-01-01, fine-grained-tool-streaming-2025-05-14'
    for (const model of ['anthropic-like/claude-sonnet-4-5', 'chat-like/gpt-4.1']) {
      const upstream = model.startsWith('anthropic') ? 'anthropic-messages' : 'openai-chat'
      provider.answer = () => Response.json(JSON.parse(wholeFrom(upstream, { words: [{ text: 'Two.' }] })))
      const body = { ...hi, model, max_tokens: 100 }
      const answered = await call('anthropic-messages', body, { 'anthropic-beta': betas })
      expect(answered.status).toBe(200)
      expect(provider.seen.at(-1)?.headers['anthropic-beta']).toBe(
        upstream === 'anthropic-messages' ? betas : undefined,
      )
    }
  })

  test('B25: failed tools, refusals and cancelled answers are told for what they are', () => {
    const failing = (output: string) => ({
      turns: [
        { user: 'Hi' },
        { assistant: [weather('call_a')] },
        { results: [{ call: 'call_a', name: 'get_weather', output, isError: true as const }] },
      ],
      tools: [{ name: 'get_weather' }],
    })
    everywhere(
      (client, upstream) => {
        const isTold = upstream === 'gemini' || upstream === 'anthropic-messages'
        expect(resultsIn(prompted(client, upstream, failing('no such city')).read)).toMatchObject([
          { output: 'no such city', isError: isTold },
        ])
        const [{ output, isError } = { output: undefined, isError: false }] = resultsIn(
          prompted(client, upstream, failing('')).read,
        )
        expect([isError, isTold || output === 'Tool execution failed']).toEqual([isTold, true])
      },
      (client) => client === 'anthropic-messages' || client === 'gemini',
    )

    everywhere((client, upstream) => {
      const { whole, events } = refusals[upstream]
      for (const heard of [hearWhole(client, upstream, whole), hearStream(client, upstream, events)]) {
        expect(heard.text + heard.refusal).toBe('I cannot.')
        // Words that refuse are a part of their own in both of OpenAI's protocols, and end the answer plainly.
        const bothSayRefusal = isOpenAi(client) && isOpenAi(upstream)
        if (bothSayRefusal) {
          expect([heard.refusal, heard.finish]).toEqual(['I cannot.', endings[client].end])
        } else if (client === 'anthropic-messages' || !isOpenAi(upstream)) {
          expect(heard.finish).toBe(endings[client].refusal)
        } else expect(heard.finish).toBe('SAFETY')
      }
    })
    // Prompts that a provider does not even read.
    everywhere((client, upstream) => {
      const heard = hearWhole(
        client,
        upstream,
        JSON.stringify({
          promptFeedback: { blockReason: 'SAFETY' },
          usageMetadata: { promptTokenCount: 5, totalTokenCount: 5 },
        }),
      )
      expect([heard.text, heard.finish]).toEqual(['', endings[client].refusal])
    }, from('gemini'))
    const cancelled = responseBody([messageItem('Hel')], { status: 'cancelled' })
    expect(protocols['openai-responses'].meterBody(bytes(cancelled), 'generate').ended).toBe('failed')
  })

  test('B26: ids of items have the prefix of their kind, and none of a stranger goes to OpenAI', () => {
    const shapes: Readonly<Record<string, RegExp>> = {
      message: /^msg_[A-Za-z0-9_-]{1,60}$/,
      reasoning: /^rs_[A-Za-z0-9_-]{1,60}$/,
      function_call: /^fc_[A-Za-z0-9_-]{1,60}$/,
    }
    const said: readonly Word[] = [
      { thought: 'One.', state: 'c3RhdGU=' },
      { text: 'I look.' },
      weather('call_a'),
    ]
    everywhere(
      (client, upstream) => {
        const body = saidWhole(client, upstream, wholeFrom(upstream, { words: said }))
        const items = list(member(JSON.parse(body), 'output'))
        expect(items.map((item) => member(item, 'type'))).toEqual(['reasoning', 'message', 'function_call'])
        for (const item of items) {
          expect(words(member(item, 'id'))).toMatch(shapes[words(member(item, 'type'))] ?? /^$/)
        }
        expect(new Set(items.map((item) => member(item, 'id'))).size).toBe(3)
      },
      (client) => client === 'openai-responses',
    )
    everywhere((client, upstream) => {
      const { body } = prompted(client, upstream, {
        turns: [
          { user: 'Hi' },
          { assistant: said },
          { results: [{ call: 'call_a', name: 'get_weather', output: 'warm' }] },
        ],
        tools: [{ name: 'get_weather' }],
      })
      const ids = list(member(JSON.parse(body), 'input')).map((item) => member(item, 'id'))
      expect(ids.filter((id) => id !== undefined)).toEqual([])
    }, from('openai-responses'))
    // A reasoning item that is dropped takes the ids of its followers along: OpenAI would miss it.
    const foreign = saidWhole(
      'openai-responses',
      'anthropic-messages',
      wholeFrom('anthropic-messages', { words: said }),
    )
    const history = historyWith('openai-responses', question('openai-responses'), foreign)
    const own = takeOutState(requestWire('openai-responses', history), {
      codec: codecOf('openai-responses'),
      organisation: 'tests',
      target: generousTarget('openai-responses'),
      pass: reasoningState(createStateKeys(() => createSecretKey(new Uint8Array(32)))),
      losses: createLosses({ target: 'openai', fieldPath: (path) => path, strict: false }),
    })
    const items = list(member(JSON.parse(new TextDecoder().decode(own)), 'input'))
    expect(items.map((item) => [member(item, 'type') ?? 'message', member(item, 'id')])).toEqual([
      ['message', undefined],
      ['message', undefined],
      ['function_call', undefined],
      ['function_call_output', undefined],
    ])
  })

  test('B27: an agent goes through thinking, calling and answering with every provider', () => {
    everywhere((client, upstream) => {
      const said: readonly Word[] = [
        { text: 'I look.' },
        { thought: 'I need the weather.', state: 'c3RhdGU=' },
        weather('call_a'),
        { call: 'call_b', name: 'now', input: '{}' },
      ]
      const body = wholeFrom(upstream, { words: said })
      const { read, body: sent } = nextPrompt(client, upstream, body)
      expect([...toolsIn(upstream, sent).keys()]).toEqual(['get_weather', 'now', 'web_search'])
      expect(textIn(read)).toBe('Hi|I look.')
      expect(callsIn(read).map(({ name, input }) => [name, input])).toEqual([
        ['get_weather', '{"city":"Ulm"}'],
        ['now', '{}'],
      ])
      expect(callsIn(read).map(({ id }) => id)).toEqual(['call_a', 'call_b'])
      expect(resultsIn(read).map(({ id, output }) => [id, output])).toEqual([
        ['call_a', 'seen'],
        ['call_b', 'seen'],
      ])
      expect(statesIn(read)).toEqual(upstream === 'openai-chat' ? [] : ['c3RhdGU='])
      const hard = prompted(client, upstream, { turns: [{ user: 'Hi' }], more: thinkHard[client] })
      expect(JSON.parse(hard.body)).toMatchObject(thinksHard[upstream])
    })
  })
})

const isOpenAi = (protocol: Client): boolean => protocol === 'openai-chat' || protocol === 'openai-responses'

const never = (): never => {
  throw new Error('there is no answer')
}

/** A lot of thought, in each client's words, and as its provider must read it. */
const thinkHard: Readonly<Record<Client, object>> = {
  'anthropic-messages': { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
  'openai-chat': { reasoning_effort: 'high' },
  'openai-responses': { reasoning: { effort: 'high' } },
  gemini: { generationConfig: { thinkingConfig: { thinkingLevel: 'HIGH' } } },
}

const thinksHard: Readonly<Record<Client, object>> = {
  ...thinkHard,
  gemini: {
    generationConfig: { thinkingConfig: { thinkingLevel: expect.stringMatching(/^high$/i) } },
  },
}

/** What the assistant's messages in a history for OpenAI's Responses hold. */
const spokenBefore = (body: string): readonly unknown[] =>
  list(member(JSON.parse(body), 'input')).flatMap((item) =>
    member(item, 'role') === 'assistant' ? [member(item, 'content')] : [],
  )

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
