import { describe, expect, test } from 'bun:test'
import type { ProtocolId, Usage } from '../ir/index.ts'
import { createCacheBook } from './cache-rules.ts'
import { type CacheBreak, CacheWatch, type SentRequest } from './cache-watch.ts'

const book = createCacheBook()
const claude = book.find('anthropic', 'anthropic-messages', 'claude-sonnet-4-5')
const gpt = book.find('openai', 'openai-chat', 'gpt-4o')
const gpt56 = book.find('openai', 'openai-chat', 'gpt-5.6')

const long = 'A long line of some words, which is said again. '.repeat(20)

/** A conversation of so many turns. */
const body = (turns: number, edit: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  model: 'm',
  messages: Array.from({ length: turns }, (_, turn) => ({
    role: turn % 2 === 0 ? 'user' : 'assistant',
    content: `turn ${turn} ${long}`,
  })),
  system: long,
  ...edit,
})

const start = (memory = 1e8) => {
  let now = 1_000_000
  const watch = new CacheWatch({ memory, now: () => now })
  const ask = (
    request: unknown,
    usage: Usage,
    more: Partial<SentRequest> & { readonly takes?: number } = {},
  ): CacheBreak | undefined => {
    const { takes = 1_000, ...rest } = more
    const protocol: ProtocolId = rest.protocol ?? 'anthropic-messages'
    const watched = watch.watch({
      group: 'g',
      upstream: 'u',
      protocol,
      rules: claude,
      body: Buffer.from(JSON.stringify(request)),
      client: undefined,
      at: now,
      ...rest,
    })
    now += takes
    return watched?.answered(usage)
  }
  const pass = (milliseconds: number): void => {
    now += milliseconds
  }
  return { watch, ask, pass }
}

const marked = (read: number, written: number): Usage => ({
  inputTokens: read + written + 10,
  cacheReadTokens: read,
  cacheWriteTokens: written,
})
const mark = { cache_control: { type: 'ephemeral' } }
const withMark = { ...mark }

describe('a watched conversation', () => {
  test('is well while the provider reads what it has kept', () => {
    const { ask } = start()
    expect(ask(body(1), marked(0, 5_000))).toBeUndefined()
    expect(ask(body(3), marked(5_000, 700))).toBeUndefined()
    expect(ask(body(5), marked(5_700, 700))).toBeUndefined()
  })

  test('that changed at the front is told of, with the byte', () => {
    const { ask } = start()
    ask(body(3), marked(0, 5_000))
    const changed = body(5, { system: `${long.slice(0, 100)}!${long.slice(101)}` })
    const found = ask(changed, marked(0, 5_700))
    expect(found).toMatchObject({ cause: 'client', expectedTokens: 5_000, readTokens: 0 })
    const { offset = -1, path } = found?.difference ?? {}
    expect(path).toBe('system')
    expect(Buffer.from(JSON.stringify(changed))[offset]).toBe('!'.charCodeAt(0))
  })

  test('is told of again and again, as long as it changes again and again', () => {
    const { ask } = start()
    ask(body(1), marked(0, 5_000))
    for (let turn = 1; turn < 6; turn++) {
      const found = ask(body(1 + 2 * turn, { system: `${turn} ${long}` }), marked(0, 5_000 + turn))
      expect(found?.difference?.path).toBe('system')
    }
  })

  test('is blamed on the gateway where the client only went on', () => {
    const { ask } = start()
    const client = (turns: number) => ({
      protocol: 'openai-chat' as const,
      body: Buffer.from(JSON.stringify({ messages: body(turns)['messages'] })),
    })
    ask(body(3), marked(0, 5_000), { client: client(3) })
    expect(ask(body(5, { system: 'x' }), marked(0, 5_000), { client: client(5) })?.cause).toBe('gateway')
  })

  test('is not blamed on the gateway where bytes were not touched, though the turn was marked', () => {
    const { ask } = start()
    const asked = (turns: number, texts: readonly string[]) => {
      const turn = (text: string, at: number) => ({
        role: at % 2 === 0 ? 'user' : 'assistant',
        content: [{ type: 'text', text, ...withMark }],
      })
      return body(0, { messages: [...(body(turns)['messages'] as object[]), ...texts.map(turn)] })
    }
    ask(asked(4, ['one', 'two']), marked(0, 5_000))
    expect(ask(asked(4, ['one, edited', 'two', 'three']), marked(0, 5_100))?.cause).toBe('client')
  })

  test('that is silent for longer than a prompt lives is not told of', () => {
    const { ask, pass } = start()
    ask(body(3), marked(0, 5_000))
    pass(301_000)
    expect(ask(body(5), marked(0, 5_700))).toBeUndefined()
    pass(200_000)
    expect(ask(body(7), marked(0, 5_700))).toMatchObject({ expectedTokens: 5_700 })
  })

  test('lives for an hour where an hour was asked for', () => {
    const { ask, pass } = start()
    const hour: Usage = { inputTokens: 5_000, cacheReadTokens: 0, cacheWriteLongTokens: 5_000 }
    ask(body(3), hour)
    pass(1_000_000)
    expect(ask(body(5, { system: 'x' }), marked(0, 10))).toMatchObject({ cause: 'client' })
  })

  test('may lose its marks, and that is named', () => {
    const { ask } = start()
    ask(body(3), marked(0, 5_000))
    expect(ask(body(5), { inputTokens: 9_000, cacheReadTokens: 0 })?.cause).toBe('unmarked')
    ask(body(7), marked(0, 5_000))
    const last = { role: 'user', content: [{ type: 'text', text: 'x', ...withMark }] }
    const messages = [...(body(7)['messages'] as unknown[]), last]
    expect(ask(body(7, { messages }), marked(0, 5_000))?.cause).toBe('provider')
  })

  test('that goes to another upstream, or is somebody else’s, is not held against it', () => {
    const { ask } = start()
    ask(body(3), marked(0, 5_000))
    expect(ask(body(5), marked(0, 5_700), { upstream: 'other' })).toBeUndefined()
    expect(ask(body(5), marked(0, 5_700), { group: 'other' })).toBeUndefined()
  })

  test('is not confused with a helper that works in the same session', () => {
    const { ask } = start()
    const helper = (turns: number) => {
      const messages = Array.from({ length: turns }, (_, turn) => ({
        role: turn % 2 === 0 ? 'user' : 'assistant',
        content: `helper ${turn} ${long}`,
      }))
      return body(0, { messages, system: 'help' })
    }
    ask(body(3), marked(0, 5_000))
    expect(ask(helper(1), marked(0, 2_000))).toBeUndefined()
    expect(ask(body(5), marked(5_000, 700))).toBeUndefined()
    expect(ask(helper(3), marked(2_000, 700))).toBeUndefined()
    expect(ask(helper(5), marked(0, 3_400))).toMatchObject({ expectedTokens: 2_700 })
  })

  test('that begins anew, as after a summary, is another conversation', () => {
    const { ask } = start()
    ask(body(9), marked(0, 5_000))
    expect(
      ask(body(0, { messages: [{ role: 'user', content: 'a summary' }] }), marked(0, 2_000)),
    ).toBeUndefined()
  })

  test('whose first answer is not there yet is not expected to be kept', () => {
    const { watch, ask } = start()
    const first = watch.watch({
      ...{ group: 'g', upstream: 'u', protocol: 'anthropic-messages', rules: claude, client: undefined },
      body: Buffer.from(JSON.stringify(body(3))),
      at: 1_000_000,
    })
    const second = watch.watch({
      ...{ group: 'g', upstream: 'u', protocol: 'anthropic-messages', rules: claude, client: undefined },
      body: Buffer.from(JSON.stringify(body(3))),
      at: 1_000_001,
    })
    ask({ messages: [] }, { inputTokens: 1 }, { takes: 500 })
    expect(first?.answered(marked(0, 5_000))).toBeUndefined()
    expect(second?.answered(marked(0, 5_000))).toBeUndefined()
  })

  test('with a provider that promises nothing is told of only where it changed', () => {
    const { ask } = start()
    const chat = { protocol: 'openai-chat', rules: gpt } as const
    const usage = (read: number): Usage => ({ inputTokens: 10_000, cacheReadTokens: read })
    ask(body(3), usage(0), chat)
    expect(ask(body(5), usage(0), chat)).toBeUndefined()
    const system = { role: 'system', content: 'now' }
    const messages = [system, ...(body(7)['messages'] as unknown[]).slice(1)]
    expect(ask(body(7, { messages }), usage(0), chat)).toMatchObject({
      expectedTokens: 9_984,
      difference: { path: 'messages[0].role' },
    })
    ask(body(3), usage(0), { ...chat, rules: gpt56, group: 'h' })
    expect(ask(body(5), usage(0), { ...chat, rules: gpt56, group: 'h' })?.cause).toBe('provider')
  })

  test('that is too short to be kept, or reads almost all, is well', () => {
    const { ask } = start()
    const chat = { protocol: 'openai-chat', rules: gpt } as const
    ask(body(1), { inputTokens: 1_000, cacheReadTokens: 0 }, chat)
    expect(ask(body(3, { system: 'x' }), { inputTokens: 3_000, cacheReadTokens: 0 }, chat)).toBeUndefined()
    expect(ask(body(5), { inputTokens: 5_000, cacheReadTokens: 2_816 }, chat)).toBeUndefined()
  })

  test('that is rewound is expected to read no more than it still has', () => {
    const { ask } = start()
    ask(body(21), marked(0, 100_000))
    expect(ask(body(11), marked(55_000, 0))).toBeUndefined()
    const chat = { protocol: 'openai-chat', rules: gpt56, group: 'h' } as const
    const usage = (tokens: number, read: number): Usage => ({ inputTokens: tokens, cacheReadTokens: read })
    ask(body(21), usage(10_000, 0), chat)
    expect(ask(body(19), usage(9_000, 8_960), chat)).toBeUndefined()
    // The longer one is still there, and what is missing of it is what is told.
    const found = ask(body(19, { system: 'x', tools: [{ type: 'x' }] }), usage(9_000, 0), chat)
    expect(found?.expectedTokens).toBeLessThanOrEqual(9_000)
    expect(found?.expectedTokens).toBeGreaterThan(7_000)
  })

  test('that lost what was in its middle is expected to read no more than there is', () => {
    const { ask } = start()
    ask(body(9), marked(0, 5_000))
    const messages = (body(9)['messages'] as unknown[]).filter((_, turn) => turn === 0 || turn > 3)
    const usage: Usage = { inputTokens: 3_300, cacheReadTokens: 0, cacheWriteTokens: 3_300 }
    expect(ask(body(0, { messages }), usage)).toMatchObject({ cause: 'client', expectedTokens: 3_300 })
  })

  test('with the examples of another is expected to read the examples alone', () => {
    const { ask } = start()
    const last = (text: string) => ({ role: 'user', content: [{ type: 'text', text, ...withMark }] })
    const examples = (question: string, mark: object = {}) => {
      const shots = (body(8)['messages'] as { content: string }[]).map((message, turn) =>
        turn === 7 ? { ...message, content: [{ type: 'text', text: message.content, ...mark }] } : message,
      )
      return body(0, { messages: [...shots, last(`${question} ${long}`)] })
    }
    // Marked at the question alone, nothing that was kept can be read.
    ask(examples('one'), marked(0, 5_000))
    expect(ask(examples('two'), marked(0, 5_000))).toBeUndefined()
    expect(ask(examples('three'), marked(0, 5_000))).toBeUndefined()
    const own = { group: 'h' }
    ask(examples('one', mark), marked(0, 5_000), own)
    expect(ask(examples('two', mark), marked(4_400, 600), own)).toBeUndefined()
    const found = ask(examples('three', mark), marked(0, 5_000), own)
    expect(found?.expectedTokens).toBeLessThan(4_600)
    expect(found?.expectedTokens).toBeGreaterThan(4_000)
  })

  test('is not forgotten for another that begins as it does', () => {
    const { ask } = start()
    const fork = (text: string) =>
      body(0, { messages: [...(body(8)['messages'] as object[]), { role: 'user', content: text }] })
    ask(body(9), marked(0, 5_000))
    expect(ask(fork('sum it up'), marked(4_500, 100))).toBeUndefined()
    expect(ask(body(11), marked(0, 5_700))).toMatchObject({ cause: 'unmarked', expectedTokens: 5_000 })
  })

  test('of whose cache nothing is said is not judged', () => {
    const { ask } = start()
    ask(body(3), marked(0, 5_000))
    expect(ask(body(5, { system: 'x' }), { inputTokens: 9_000 })).toBeUndefined()
  })
})

describe('the memory of the watch', () => {
  test('holds no text', () => {
    const { watch, ask } = start()
    ask(body(3, { system: 'a-very-secret-word' }), marked(0, 5_000))
    const seen = new Set<unknown>()
    const texts: string[] = []
    const look = (value: unknown): void => {
      if (typeof value === 'string') texts.push(value)
      if (typeof value !== 'object' || value === null || seen.has(value)) return
      seen.add(value)
      if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('latin1'))
      else if (value instanceof Map || value instanceof Set) for (const inner of value) look(inner)
      else for (const inner of Object.values(value)) look(inner)
    }
    look(watch)
    expect(texts.length).toBeGreaterThan(1)
    expect(texts.join()).not.toContain('secret')
    expect(texts.join()).not.toContain('long line')
  })

  test('is bounded: copies go first, and places are named no more, but what changed still is', () => {
    const { watch, ask } = start(60_000)
    for (let session = 0; session < 50; session++) {
      ask(body(5), marked(0, 5_000), { group: `g${session}` })
      expect(watch.size).toBeLessThanOrEqual(60_000)
    }
    const found = ask(body(7, { system: 'x' }), marked(0, 5_000), { group: 'g30' })
    expect(found).toMatchObject({ cause: 'client', difference: undefined })
    watch.limit(0)
    expect(watch.size).toBe(0)
    expect(ask(body(9), marked(0, 5_000), { group: 'g49' })).toBeUndefined()
  })
  test('is not held by what no provider holds any more', () => {
    const { watch, ask, pass } = start()
    for (let session = 0; session < 50; session++) {
      ask(body(5), marked(0, 5_000), { group: `g${session}` })
    }
    const full = watch.size
    pass(3_700_000)
    ask(body(5), marked(0, 5_000), { group: 'new' })
    expect(watch.size).toBeLessThan(full / 20)
  })

  test('has room for copies however many conversations there are', () => {
    const { ask } = start(60_000)
    for (let session = 0; session < 500; session++) {
      ask(body(5), marked(0, 5_000), { group: `g${session}` })
    }
    const found = ask(body(7, { system: 'x' }), marked(0, 5_000), { group: 'g499' })
    expect(found).toMatchObject({ cause: 'client', difference: { path: 'system' } })
  })
})
