import { describe, expect, test } from 'bun:test'
import type { ProtocolId, Sampling } from '../../ir/index.ts'
import { everything, requestOf, runPass } from './context.fixture.ts'
import { outputLimit, prewarmAnswer, requestOptions, sampling, upstreamState } from './index.ts'

const features = ({ warnings }: { readonly warnings: readonly { readonly feature: string }[] }) =>
  warnings.map(({ feature }) => feature)

describe('the output limit', () => {
  const limited = (maxOutputTokens: number, protocol: ProtocolId, capabilities = {}) =>
    runPass(outputLimit, requestOf('anthropic-messages', { maxOutputTokens }), protocol, capabilities)

  test('comes down to what the model can write, which loses nothing', () => {
    const ran = limited(128_000, 'openai-chat', { maxOutputTokens: 16_384 })
    expect([ran.request.maxOutputTokens, ran.warnings]).toEqual([16_384, []])
  })

  test('goes up to what is taken, and says so', () => {
    const ran = limited(5, 'openai-responses', { minOutputTokens: 16 })
    expect(ran.request.maxOutputTokens).toBe(16)
    expect(ran.warnings).toEqual([
      {
        code: 'approximated',
        feature: 'output limit',
        path: 'maxOutputTokens',
        reason: 'raised to 16, the least that is taken',
      },
    ])
  })

  test('of 0 warms the cache where that can be said', () => {
    expect(limited(0, 'openai-responses').request.maxOutputTokens).toBe(0)
    const toClaude = runPass(
      outputLimit,
      requestOf('openai-responses', { maxOutputTokens: 0 }),
      'anthropic-messages',
    )
    expect([toClaude.request.maxOutputTokens, toClaude.warnings]).toEqual([0, []])
  })

  test('of 0 is answered without the provider elsewhere, and is never unset', () => {
    const request = requestOf('anthropic-messages', { maxOutputTokens: 0 })
    const target = { protocol: 'gemini', model: 'g', capabilities: everything } as const
    expect(prewarmAnswer(request, target)).toEqual({
      protocol: 'gemini',
      model: 'g',
      choices: [{ index: 0, parts: [], finish: { reason: 'length' } }],
      usage: { inputTokens: 0, outputTokens: 0 },
    })
    expect(prewarmAnswer({ ...request, maxOutputTokens: 1 }, target)).toBeUndefined()
    expect(prewarmAnswer(request, { ...target, protocol: 'openai-responses' })).toBeUndefined()
    expect(limited(0, 'gemini').request.maxOutputTokens).toBe(1)
    expect(features(limited(0, 'gemini'))).toEqual(['cache warming'])
  })

  test('is untouched between equal protocols and where nobody gave one', () => {
    const own = requestOf('gemini', { maxOutputTokens: 1 })
    expect(runPass(outputLimit, own, 'gemini', { minOutputTokens: 16 }).request).toBe(own)
    const none = requestOf('gemini')
    expect(runPass(outputLimit, none, 'openai-chat').request).toBe(none)
  })
})

describe('sampling', () => {
  const sampled = (from: ProtocolId, settings: Sampling, to: ProtocolId, capabilities = {}, members = {}) =>
    runPass(sampling, requestOf(from, { sampling: settings, ...members }), to, capabilities)

  test('of Claude ends at a temperature of 1', () => {
    const ran = sampled('openai-chat', { temperature: 1.5 }, 'anthropic-messages')
    expect(ran.request.sampling).toEqual({ temperature: 1 })
    expect(features(ran)).toEqual(['temperature'])
  })

  test('is left out where the model takes none, in silence at its default', () => {
    for (const kind of ['refused', 'defaults-only'] as const) {
      const plain = sampled('openai-chat', { temperature: 1, topP: 1 }, 'openai-responses', {
        sampling: kind,
      })
      expect([plain.request.sampling, plain.warnings]).toEqual([{}, []])
      const other = sampled('openai-chat', { temperature: 0.2, topP: 0.9 }, 'openai-responses', {
        sampling: kind,
      })
      expect([other.request.sampling, features(other)]).toEqual([{}, ['temperature', 'top_p']])
    }
  })

  test('that Gemini clients always send is their default', () => {
    const always = { temperature: 1, topP: 0.95, topK: 64 }
    const ran = sampled('gemini', always, 'openai-responses', { sampling: 'refused' })
    expect([ran.request.sampling, ran.warnings]).toEqual([{}, []])
    const claude = sampled('gemini', always, 'anthropic-messages', { temperatureOrTopP: true })
    expect([claude.request.sampling, claude.warnings]).toEqual([{ temperature: 1, topK: 64 }, []])
    const chat = sampled('gemini', always, 'openai-chat')
    expect([chat.request.sampling, chat.warnings]).toEqual([{ temperature: 1, topP: 0.95 }, []])
  })

  test('of one of two keeps the one that says something', () => {
    const one = { temperatureOrTopP: true }
    expect(
      sampled('openai-chat', { temperature: 1, topP: 0.5 }, 'anthropic-messages', one).request.sampling,
    ).toEqual({
      topP: 0.5,
    })
    const both = sampled('openai-chat', { temperature: 0.3, topP: 0.5 }, 'anthropic-messages', one)
    expect([both.request.sampling, features(both)]).toEqual([{ temperature: 0.3 }, ['top_p']])
  })

  test('goes where the model thinks, if it cannot have both', () => {
    const both = { sampling: 'not-with-reasoning' } as const
    const effort = { control: 'effort', efforts: ['low'], canDisable: true, readable: false } as const
    const settings = { temperature: 0.5 }
    const run = (reasoning: object | undefined, onByDefault: boolean) =>
      sampled(
        'anthropic-messages',
        settings,
        'openai-responses',
        { ...both, reasoning: { ...effort, onByDefault } },
        reasoning === undefined ? {} : { reasoning },
      ).request.sampling
    expect(run({ effort: 'low' }, false)).toEqual({})
    expect(run({ mode: 'disabled', effort: 'none' }, true)).toEqual(settings)
    expect(run(undefined, false)).toEqual(settings)
    expect(run(undefined, true)).toEqual({})
  })

  test('of Claude 4.6: an effort alone is no thinking', () => {
    const adaptive = {
      control: 'adaptive',
      efforts: ['low'],
      canDisable: true,
      readable: true,
      onByDefault: false,
    }
    const capabilities = { sampling: 'not-with-reasoning', reasoning: adaptive }
    const run = (reasoning: object) =>
      sampled('openai-chat', { temperature: 0.5 }, 'anthropic-messages', capabilities, { reasoning }).request
        .sampling
    expect(run({ effort: 'low' })).toEqual({ temperature: 0.5 })
    expect(run({ mode: 'adaptive', effort: 'low' })).toEqual({})
  })

  test('top_k is for Anthropic and Gemini', () => {
    expect(sampled('anthropic-messages', { topK: 7 }, 'gemini').request.sampling).toEqual({ topK: 7 })
    const ran = sampled('anthropic-messages', { topK: 7 }, 'openai-chat')
    expect([ran.request.sampling, features(ran)]).toEqual([{}, ['top_k']])
  })

  test('penalties, seed, bias and log probabilities go with a word, unless they said nothing', () => {
    const none = { penalties: false, seed: false, logprobs: false }
    const full: Sampling = {
      presencePenalty: 1,
      frequencyPenalty: 0,
      seed: 7,
      logitBias: { '5': 1 },
      logprobs: true,
      topLogprobs: 2,
    }
    const ran = sampled('openai-chat', full, 'anthropic-messages', none)
    expect(ran.request.sampling).toEqual({})
    expect(features(ran)).toEqual(['presence penalty', 'seed', 'logit bias', 'log probabilities'])
    const quiet = sampled(
      'openai-chat',
      { logprobs: false, topLogprobs: 0, logitBias: {} },
      'anthropic-messages',
      none,
    )
    expect([quiet.request.sampling, quiet.warnings]).toEqual([{}, []])
  })

  test('Gemini excludes the upper end of a penalty', () => {
    expect(sampled('openai-chat', { presencePenalty: 2 }, 'gemini').request.sampling).toEqual({
      presencePenalty: 1.99,
    })
  })

  test('Responses asks for log probabilities by a number alone', () => {
    expect(sampled('openai-responses', { topLogprobs: 3 }, 'openai-chat').request.sampling).toEqual({
      topLogprobs: 3,
      logprobs: true,
    })
  })

  test('several answers are mapped or refused, and one is none', () => {
    expect(sampled('openai-chat', { candidates: 3 }, 'gemini').request.sampling).toEqual({ candidates: 3 })
    expect(sampled('openai-chat', { candidates: 1 }, 'gemini').request.sampling).toEqual({})
    expect(() => sampled('openai-chat', { candidates: 2 }, 'anthropic-messages', { candidates: 1 })).toThrow(
      'sampling.candidates: several answers cannot be said to the provider p: this model gives one',
    )
    expect(() => sampled('openai-chat', { candidates: 9 }, 'gemini')).toThrow('it gives at most 8')
  })

  test('that needs no change is the same request', () => {
    const request = requestOf('gemini', { sampling: { temperature: 0.5, stop: ['x'] } })
    expect(runPass(sampling, request, 'anthropic-messages').request).toBe(request)
  })
})

describe('request options', () => {
  const ran = (from: ProtocolId, members: object, to: ProtocolId, capabilities = {}) =>
    runPass(requestOptions, requestOf(from, members), to, capabilities)

  test('an end user that is too long is hashed, never cut', () => {
    const user = 'u'.repeat(200)
    const { request } = ran('anthropic-messages', { user }, 'openai-responses')
    expect(request.user).toMatch(/^[0-9a-f]{64}$/)
    expect(ran('openai-chat', { user }, 'anthropic-messages').request.user).toBe(user)
    const other = ran('anthropic-messages', { user: `${user.slice(1)}v` }, 'openai-responses').request.user
    expect(other).not.toBe(request.user)
  })

  test('an end user goes in silence where there is no place', () => {
    for (const [to, capabilities] of [
      ['gemini', {}],
      ['openai-chat', { requestFields: [] }],
    ] as const) {
      const { request, warnings } = ran('anthropic-messages', { user: 'u' }, to, capabilities)
      expect([request.user, warnings]).toEqual([undefined, []])
    }
  })

  test('verbosity and metadata go with a word', () => {
    const members = { verbosity: 'low', metadata: { a: 'b' } }
    const kept = ran('openai-responses', members, 'openai-chat').request
    expect([kept.verbosity, kept.metadata]).toEqual(['low', { a: 'b' }])
    const lost = ran('openai-responses', members, 'anthropic-messages')
    expect([lost.request.verbosity, lost.request.metadata]).toEqual([undefined, undefined])
    expect(features(lost)).toEqual(['verbosity', 'metadata'])
    const plain = ran('openai-responses', { verbosity: 'medium', metadata: {} }, 'gemini')
    expect(plain.warnings).toEqual([])
  })

  test.each([
    ['standard_only', 'openai-chat', 'default', 0],
    ['standard_only', 'gemini', 'standard', 0],
    ['default', 'anthropic-messages', 'standard_only', 0],
    ['auto', 'openai-responses', 'auto', 0],
    ['auto', 'gemini', undefined, 0],
    ['priority', 'anthropic-messages', 'auto', 0],
    ['flex', 'gemini', 'flex', 0],
    ['flex', 'anthropic-messages', undefined, 1],
    ['fast', 'gemini', 'priority', 1],
    ['fast', 'openai-responses', 'fast', 0],
    ['ultrafast', 'openai-chat', 'fast', 1],
    ['scale', 'openai-responses', 'scale', 0],
    ['mystery', 'openai-chat', undefined, 1],
  ] as const)('the service tier %s for %s is %s', (serviceTier, to, word, losses) => {
    const from = to === 'openai-chat' || to === 'openai-responses' ? 'gemini' : 'openai-chat'
    const { request, warnings } = ran(from, { serviceTier }, to)
    expect(request.serviceTier).toBe(word)
    expect(warnings.length).toBe(losses)
  })

  test('storage is always said to Responses, and nowhere else unless asked for', () => {
    expect(ran('openai-chat', {}, 'openai-responses').request.store).toBe(false)
    expect(ran('openai-chat', { store: true }, 'openai-responses').request.store).toBe(true)
    expect(ran('openai-responses', { store: false }, 'openai-chat').request.store).toBeUndefined()
    const lost = ran('openai-responses', { store: true }, 'anthropic-messages')
    expect([lost.request.store, features(lost)]).toEqual([undefined, ['store']])
  })

  test('a moderation that blocks is kept or refused, one that scores may go', () => {
    const moderation = { model: 'm', policy: { output: { mode: 'block' } } }
    expect(ran('openai-chat', { moderation }, 'openai-responses').request.moderation).toEqual(moderation)
    expect(() => ran('openai-chat', { moderation }, 'anthropic-messages')).toThrow(
      'moderation cannot be said',
    )
    const scored = ran('openai-chat', { moderation: { policy: { output: { mode: 'score' } } } }, 'gemini')
    expect([scored.request.moderation, features(scored)]).toEqual([undefined, ['moderation']])
  })

  test('cache options go in silence where the model does not know them', () => {
    const members = { promptCacheOptions: { ttl: '30m' }, promptCacheRetention: '24h', promptCacheKey: 'k' }
    const older = ran('openai-chat', members, 'openai-responses', { cache: 'implicit' })
    expect(older.request).toMatchObject({ promptCacheRetention: '24h', promptCacheKey: 'k' })
    expect(older.request.promptCacheOptions).toBeUndefined()
    const newer = ran('openai-chat', members, 'openai-responses')
    expect([newer.request.promptCacheOptions, newer.request.promptCacheRetention]).toEqual([
      { ttl: '30m' },
      undefined,
    ])
    const gemini = ran('openai-chat', members, 'gemini')
    expect([gemini.request.promptCacheKey, gemini.warnings]).toEqual([undefined, []])
  })

  test('a request without any is the same request', () => {
    const request = requestOf('gemini')
    expect(runPass(requestOptions, request, 'anthropic-messages').request).toBe(request)
  })
})

describe('state at another provider', () => {
  test('is refused by name', () => {
    const run = (members: object) => () =>
      runPass(upstreamState, requestOf('openai-responses', members), 'anthropic-messages')
    expect(run({ previousResponseId: 'resp_1' })).toThrow(
      'previousResponseId: an earlier answer cannot be said',
    )
    expect(run({ conversation: 'conv_1' })).toThrow('conversation: a stored conversation')
    expect(run({ background: true })).toThrow('background: background mode')
    expect(run({ background: false })().request.background).toBeUndefined()
  })
})
