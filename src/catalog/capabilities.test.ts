import { describe, expect, test } from 'bun:test'
import type { Capabilities, ProtocolId } from '../ir/index.ts'
import { capabilityData } from './capability-data.ts'
import { createCapabilityIndex } from './capability-index.ts'
import { createCatalog } from './catalog.ts'
import data from './data/capabilities.json'

const catalog = createCatalog({ overrides: [] })
const index = createCapabilityIndex()
const claude = (model: string, provider = 'anthropic') =>
  catalog.capabilities(provider, 'anthropic-messages', model)
const gemini = (model: string) => catalog.capabilities('google', 'gemini', model)
const chat = (model: string, provider = 'openai') => catalog.capabilities(provider, 'openai-chat', model)
const responses = (model: string) => catalog.capabilities('openai', 'openai-responses', model)

describe('the data of capabilities', () => {
  const { families } = capabilityData.parse(data)

  test('has no family that an earlier one hides', () => {
    for (const family of families) {
      for (const glob of family.match ?? []) {
        const model = glob.replaceAll('*', '') === '' ? 'no-such-model' : glob.replaceAll('*', 'x')
        for (const protocol of family.protocols ?? []) {
          const found = index.find(family.providers?.[0] ?? 'somebody', protocol, model)
          expect([model, found.family]).toEqual([model, family.id])
        }
      }
    }
  })

  test('names each family once, and says where its facts are from', () => {
    expect(new Set(families.map(({ id }) => id)).size).toBe(families.length)
    for (const { source, date } of families) {
      expect(source).not.toBe('')
      expect(Date.parse(date)).toBeGreaterThan(0)
    }
  })

  test('lists efforts exactly where they are the control', () => {
    for (const { match = [], providers, protocols = [] } of families) {
      for (const protocol of protocols) {
        const model = (match[0] ?? '').replaceAll('*', 'x')
        const { reasoning } = index.find(providers?.[0] ?? 'somebody', protocol, model).capabilities
        const isWords = ['effort', 'adaptive', 'level'].includes(reasoning.control)
        expect([model, reasoning.efforts.length > 0]).toEqual([model, isWords])
      }
    }
  })
})

describe('the tools that a provider runs', () => {
  const known = (provider: string, protocol: ProtocolId, model: string) =>
    catalog.knownServerTools(provider, protocol, model)

  test('are known where somebody has written them down, and else nothing is said of them', () => {
    expect(known('anthropic', 'anthropic-messages', 'claude-sonnet-4-5')).toContain('web-search')
    expect(known('openai', 'openai-responses', 'gpt-5.1')).toContain('web-search')
    expect(known('google', 'gemini', 'gemini-2.0-flash')).toEqual(['web-search', 'code-execution'])
    expect(known('deepseek', 'openai-responses', 'deepseek-chat')).toEqual([])
    expect(known('vllm', 'openai-responses', 'mine')).toBeUndefined()
    expect(known('xai', 'openai-responses', 'grok-4.5')).toBeUndefined()
  })
})

describe('what a model takes', () => {
  const claudes: readonly (readonly [
    string,
    Capabilities['reasoning']['control'],
    boolean,
    boolean,
    boolean,
  ])[] = [
    // model, control, prefill, midSystem, can be kept from thinking
    ['claude-3-5-haiku-20241022', 'none', true, false, false],
    ['claude-3-7-sonnet-20250219', 'budget', true, false, true],
    ['claude-opus-4-20250514', 'budget', true, false, true],
    ['claude-opus-4-1', 'budget', true, false, true],
    ['claude-sonnet-4-5-20250929', 'budget', true, false, true],
    ['claude-opus-4-6', 'adaptive', false, false, true],
    ['claude-opus-4-7', 'adaptive', false, false, true],
    ['claude-opus-4-8', 'adaptive', false, true, true],
    ['claude-opus-5', 'adaptive', false, true, true],
    ['claude-opus-5-5', 'adaptive', false, true, false],
    ['claude-sonnet-5-5-20260928', 'adaptive', false, true, false],
    ['claude-haiku-5-5', 'adaptive', false, true, true],
    ['claude-something-9', 'adaptive', false, false, false],
  ]
  for (const [model, control, prefill, midSystem, canDisable] of claudes)
    test(model, () => {
      const found = claude(model)
      expect([found.reasoning.control, found.prefill, found.midSystem, found.reasoning.canDisable]).toEqual([
        control,
        prefill,
        midSystem,
        canDisable,
      ])
    })

  test('Claude from 4.7 on takes sampling at its defaults alone, and 4.1 to 4.6 one of two', () => {
    expect(claude('claude-opus-4-6').sampling).toBe('not-with-reasoning')
    expect(claude('claude-opus-4-7').sampling).toBe('defaults-only')
    expect(claude('claude-sonnet-4-5').temperatureOrTopP).toBe(true)
    expect(claude('claude-sonnet-4-0').temperatureOrTopP).toBeUndefined()
  })

  test('xhigh came to Claude after 4.6', () => {
    expect(claude('claude-sonnet-4-6').reasoning.efforts).toEqual(['low', 'medium', 'high', 'max'])
    expect(claude('claude-opus-4-8').reasoning.efforts).toContain('xhigh')
  })

  const gpts: readonly (readonly [string, string[], boolean, Capabilities['sampling']])[] = [
    ['gpt-4o-mini', [], false, 'free'],
    ['gpt-4.1', [], false, 'free'],
    ['o3', ['low', 'medium', 'high'], false, 'refused'],
    ['gpt-5-mini', ['minimal', 'low', 'medium', 'high'], false, 'refused'],
    ['gpt-5-codex', ['low', 'medium', 'high'], false, 'refused'],
    ['gpt-5.1', ['low', 'medium', 'high'], true, 'not-with-reasoning'],
    ['gpt-5.1-codex-max', ['low', 'medium', 'high', 'xhigh'], false, 'refused'],
    ['gpt-5.2-2025-12-11', ['low', 'medium', 'high', 'xhigh'], true, 'not-with-reasoning'],
    ['gpt-5.6-sol', ['low', 'medium', 'high', 'xhigh', 'max'], true, 'not-with-reasoning'],
    ['gpt-6-luna', ['low', 'medium', 'high', 'xhigh', 'max'], true, 'refused'],
    ['gpt-6.1-sol', ['low', 'medium', 'high', 'xhigh', 'max'], false, 'refused'],
    ['gpt-9', ['low', 'medium', 'high'], false, 'refused'],
  ]
  for (const [model, efforts, canDisable, sampling] of gpts)
    test(`${model} in Responses`, () => {
      const found = responses(model)
      expect([found.reasoning.efforts, found.reasoning.canDisable, found.sampling]).toEqual([
        efforts,
        canDisable,
        sampling,
      ])
    })

  test('OpenAI differs by the protocol that it is spoken to in', () => {
    expect([chat('gpt-5.1').minOutputTokens, responses('gpt-5.1').minOutputTokens]).toEqual([1, 16])
    expect([chat('gpt-4.1').stopSequences, responses('gpt-4.1').stopSequences]).toEqual([4, 0])
    expect([chat('gpt-5.1').reasoning.readable, responses('gpt-5.1').reasoning.readable]).toEqual([
      false,
      true,
    ])
    expect(chat('gpt-5.1').developerRole).toBe(true)
    expect(chat('gpt-5.1').chatLimitField).toBe('max_completion_tokens')
    expect(chat('gpt-5').stopSequences).toBe(0)
    expect(responses('gpt-5.6').cache).toBe('breakpoints')
    expect(responses('gpt-5.4').cache).toBe('implicit')
  })

  test('Gemini', () => {
    expect(gemini('gemini-2.0-flash').input.imageUrls).toBe(false)
    expect(gemini('gemini-2.5-pro').reasoning).toMatchObject({
      control: 'budget',
      minBudget: 128,
      canDisable: false,
    })
    expect(gemini('gemini-2.5-flash').reasoning).toMatchObject({
      minBudget: 0,
      maxBudget: 24_576,
      canDisable: true,
    })
    expect(gemini('gemini-2.5-flash').jsonSchemaWithTools).toBe(false)
    expect(gemini('gemini-3-pro-preview').reasoning.efforts).toEqual(['low', 'high'])
    expect(gemini('gemini-3-flash-preview').reasoning.efforts).toEqual(['minimal', 'low', 'medium', 'high'])
    expect(gemini('gemini-3.1-pro-preview').signaturesEnforced).toBe(true)
    expect(gemini('gemini-3.1-pro-preview').callIds).toBe(false)
    expect(gemini('gemini-3.8-flash')).toMatchObject({
      callIds: true,
      sampling: 'defaults-only',
      prefill: false,
    })
    expect(gemini('models/gemini-2.5-pro').reasoning.control).toBe('budget')
  })

  test('providers of other makers', () => {
    expect(chat('openai/gpt-5.1', 'openrouter').reasoning.efforts).toContain('xhigh')
    expect(chat('openai/gpt-oss-120b', 'groq')).toMatchObject({
      jsonSchema: true,
      logprobs: false,
      penalties: false,
    })
    expect(chat('llama-3.3-70b-versatile', 'groq').jsonSchema).toBe(false)
    expect(chat('deepseek-v4-pro', 'deepseek')).toMatchObject({
      reasoningTextInHistory: true,
      jsonSchema: false,
    })
    expect(chat('kimi-k3', 'moonshot')).toMatchObject({
      sampling: 'defaults-only',
      reasoningTextInHistory: true,
    })
    expect(chat('deepseek-v4-pro', 'deepseek').reasoning).toMatchObject({
      canDisable: true,
      chatOff: 'thinking',
    })
    expect(chat('kimi-k2.6', 'moonshot').reasoning).toMatchObject({ canDisable: true, chatOff: 'thinking' })
    expect(chat('kimi-k2.7-code', 'moonshot').reasoning.canDisable).toBe(false)
    expect(chat('mistral-large-latest', 'mistral').seed).toBe(false)
    expect(chat('grok-4.5', 'xai')).toMatchObject({ stopSequences: 0, penalties: false })
  })

  test('ids come in many dresses', () => {
    const plain = claude('claude-opus-4-8')
    for (const id of [
      'anthropic/claude-opus-4.8',
      'us.anthropic.claude-opus-4-8-v1:0',
      'CLAUDE-OPUS-4-8',
      'claude-opus-4-8@20260528',
      'claude-opus-4-8-20260528',
    ]) {
      expect([id, claude(id, 'somebody')]).toEqual([id, plain])
    }
    expect(chat('ft:gpt-4o-mini-2024-07-18:org::id').maxOutputTokens).toBe(16_384)
  })

  test('limits come from the model cards, of the maker where the provider has none', () => {
    expect(claude('claude-sonnet-4-5').maxOutputTokens).toBe(64_000)
    expect(claude('claude-opus-4-8', 'my-proxy')).toMatchObject({
      maxOutputTokens: 128_000,
      contextWindow: 1_000_000,
    })
    expect(claude('claude-3-haiku-20240307').maxOutputTokens).toBe(4096)
    expect(chat('no-such-model').maxOutputTokens).toBeUndefined()
  })

  test('an unknown model gets what is safe in each protocol, and every field is filled', () => {
    const protocols: readonly ProtocolId[] = [
      'openai-chat',
      'openai-responses',
      'anthropic-messages',
      'gemini',
    ]
    for (const protocol of protocols) {
      const found = catalog.capabilities('somebody', protocol, 'no-such-model')
      expect(found.reasoning.control).toBe('none')
      expect(found.prefill).toBe(false)
      expect(found.input.images).toBe(true)
      expect(Object.values(found)).not.toContain(undefined)
    }
    expect(chat('no-such-model', 'somebody').requestFields).toEqual([])
  })
})
