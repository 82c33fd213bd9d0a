import { describe, expect, test } from 'bun:test'
import type { Capabilities, GenerateRequest, ProtocolId, ReasoningSettings, Turn } from '../../ir/index.ts'
import { reasoningSettings } from './reasoning-settings.ts'
import { capabilityOf, contextOf, requestOf, targetOf } from './test-target.fixture.ts'

type Kind = keyof typeof capabilityOf

const protocolOf: Readonly<Record<Kind, ProtocolId>> = {
  none: 'openai-chat',
  effort: 'openai-responses',
  adaptive: 'anthropic-messages',
  claudeBudget: 'anthropic-messages',
  level: 'gemini',
  geminiFlash: 'gemini',
  geminiPro: 'gemini',
}

interface Options {
  readonly from?: ProtocolId
  readonly to?: ProtocolId
  readonly request?: Partial<GenerateRequest>
  readonly capabilities?: Partial<Capabilities>
  readonly turns?: readonly Turn[]
}

const settle = (kind: Kind, reasoning: ReasoningSettings | undefined, options: Options = {}) => {
  const to = options.to ?? protocolOf[kind]
  const from = options.from ?? (to === 'openai-responses' ? 'anthropic-messages' : 'openai-responses')
  const context = contextOf(
    targetOf(to, { capabilities: { reasoning: capabilityOf[kind], ...options.capabilities } }),
  )
  const given = requestOf(from, options.turns ?? [], {
    ...(reasoning === undefined ? {} : { reasoning }),
    ...options.request,
  })
  const { request } = reasoningSettings.run(given, context)
  return { request, given, reasoning: request.reasoning, warnings: context.warnings }
}

const warned = ({ warnings }: { readonly warnings: readonly { readonly path: string }[] }) =>
  warnings.map(({ path }) => path)

describe('an effort of OpenAI becomes', () => {
  const off = { mode: 'disabled' } as const
  const rows: readonly (readonly [string, Partial<Record<Kind, ReasoningSettings>>])[] = [
    ['none', { adaptive: off, claudeBudget: off, geminiFlash: { mode: 'disabled', budgetTokens: 0 } }],
    [
      'minimal',
      {
        adaptive: { mode: 'adaptive', effort: 'low' },
        claudeBudget: { mode: 'enabled', budgetTokens: 1024 },
        level: { effort: 'minimal' },
        geminiFlash: { budgetTokens: 512 },
      },
    ],
    [
      'low',
      {
        adaptive: { mode: 'adaptive', effort: 'low' },
        claudeBudget: { mode: 'enabled', budgetTokens: 1024 },
        level: { effort: 'low' },
        geminiFlash: { budgetTokens: 1024 },
      },
    ],
    [
      'medium',
      {
        adaptive: { mode: 'adaptive', effort: 'medium' },
        claudeBudget: { mode: 'enabled', budgetTokens: 8192 },
        level: { effort: 'medium' },
        geminiFlash: { budgetTokens: 8192 },
      },
    ],
    [
      'high',
      {
        adaptive: { mode: 'adaptive', effort: 'high' },
        claudeBudget: { mode: 'enabled', budgetTokens: 24_576 },
        level: { effort: 'high' },
        geminiFlash: { budgetTokens: 24_576 },
      },
    ],
    [
      'xhigh',
      {
        adaptive: { mode: 'adaptive', effort: 'xhigh' },
        claudeBudget: { mode: 'enabled', budgetTokens: 32_768 },
        geminiPro: { budgetTokens: 32_768 },
      },
    ],
    [
      'max',
      {
        adaptive: { mode: 'adaptive', effort: 'max' },
        claudeBudget: { mode: 'enabled', budgetTokens: 63_999 },
        geminiPro: { budgetTokens: 32_768 },
        geminiFlash: { budgetTokens: 24_576 },
      },
    ],
  ]
  for (const [effort, targets] of rows) {
    for (const [kind, settings] of Object.entries(targets)) {
      test(`${effort}: ${JSON.stringify(settings)} for ${kind}, without a warning`, () => {
        const result = settle(
          kind as Kind,
          { effort, ...(effort === 'none' ? { mode: 'disabled' as const } : {}) },
          { request: { maxOutputTokens: 100_000 } },
        )
        expect(result.reasoning).toEqual(settings)
        expect(result.warnings).toEqual([])
      })
    }
  }

  test('the nearest that Gemini 3 has, with a warning', () => {
    for (const effort of ['xhigh', 'max']) {
      const result = settle('level', { effort })
      expect(result.reasoning).toEqual({ effort: 'high' })
      expect(warned(result)).toEqual(['reasoning.effort'])
    }
    const off = settle('level', { effort: 'none', mode: 'disabled' })
    expect(off.reasoning).toEqual({ effort: 'minimal' })
    expect(warned(off)).toEqual(['reasoning.mode'])
  })

  test('the smallest budget of a Gemini model that cannot be kept from thinking, with a warning', () => {
    const result = settle('geminiPro', { effort: 'none', mode: 'disabled' })
    expect(result.reasoning).toEqual({ budgetTokens: 128 })
    expect(warned(result)).toEqual(['reasoning.mode'])
  })

  test('nothing where nothing was said', () => {
    for (const kind of ['effort', 'adaptive', 'claudeBudget', 'level', 'geminiFlash'] as const) {
      expect(settle(kind, undefined).request).not.toHaveProperty('reasoning')
      expect(settle(kind, {}).request).not.toHaveProperty('reasoning')
    }
  })

  test('the nearest lower one that the model has, with a warning', () => {
    const efforts = ['low', 'medium', 'high']
    const few = { capabilities: { reasoning: { ...capabilityOf.adaptive, efforts } } }
    expect(settle('adaptive', { effort: 'max' }, few).reasoning).toEqual({ mode: 'adaptive', effort: 'high' })
    const capability = { ...capabilityOf.effort, efforts: ['none', 'low', 'high'] }
    const result = settle('effort', { effort: 'medium' }, { capabilities: { reasoning: capability } })
    expect(result.reasoning).toEqual({ effort: 'low' })
    expect(result.warnings).toMatchObject([{ code: 'approximated', path: 'reasoning.effort' }])
    const strong = { ...capabilityOf.effort, efforts: ['high'] }
    expect(settle('effort', { effort: 'low' }, { capabilities: { reasoning: strong } }).reasoning).toEqual({
      effort: 'high',
    })
  })

  test('nothing where nobody knows the word, with a warning', () => {
    const result = settle('effort', { effort: 'galactic' })
    expect(result.request).not.toHaveProperty('reasoning')
    expect(result.warnings).toMatchObject([{ code: 'dropped', path: 'reasoning.effort' }])
  })

  test('nothing for a model that takes no settings, with a warning unless it was off', () => {
    expect(settle('none', { effort: 'high' }).warnings).toMatchObject([{ code: 'dropped' }])
    expect(settle('none', { mode: 'enabled', budgetTokens: 2000 }).request).not.toHaveProperty('reasoning')
    const off = settle('none', { effort: 'none', mode: 'disabled', display: 'auto' })
    expect(off.request).not.toHaveProperty('reasoning')
    expect(off.warnings).toEqual([])
  })
})

describe('a budget', () => {
  test('becomes an effort by the borders', () => {
    const cases: readonly (readonly [number, string])[] = [
      [1, 'low'],
      [2048, 'low'],
      [2049, 'medium'],
      [12_288, 'medium'],
      [12_289, 'high'],
      [28_672, 'high'],
      [28_673, 'xhigh'],
    ]
    for (const [budgetTokens, effort] of cases) {
      const result = settle('effort', { mode: 'enabled', budgetTokens })
      expect(result.reasoning).toEqual({ effort })
      expect(result.warnings).toEqual([])
    }
    const few = { ...capabilityOf.effort, efforts: ['none', 'low', 'medium', 'high'] }
    const large = settle(
      'effort',
      { mode: 'enabled', budgetTokens: 60_000 },
      { capabilities: { reasoning: few } },
    )
    expect(large.reasoning).toEqual({ effort: 'high' })
    expect(large.warnings).toEqual([])
  })

  test('comes back as the effort that it was made from', () => {
    for (const effort of ['low', 'medium', 'high', 'xhigh']) {
      const there = settle('claudeBudget', { effort })
      const back = settle('effort', there.reasoning)
      expect(back.reasoning).toEqual({ effort })
    }
  })

  test('is copied to the token between Anthropic and Gemini', () => {
    const toGemini = settle(
      'geminiFlash',
      { mode: 'enabled', budgetTokens: 5_001 },
      { from: 'anthropic-messages' },
    )
    expect(toGemini.reasoning).toEqual({ budgetTokens: 5_001 })
    const toClaude = settle('claudeBudget', { budgetTokens: 5_001 }, { from: 'gemini' })
    expect(toClaude.reasoning).toEqual({ mode: 'enabled', budgetTokens: 5_001 })
    expect([...toGemini.warnings, ...toClaude.warnings]).toEqual([])
  })

  test('keeps within what the model takes, with a warning', () => {
    const large = settle(
      'geminiFlash',
      { mode: 'enabled', budgetTokens: 60_000 },
      { from: 'anthropic-messages' },
    )
    expect(large.reasoning).toEqual({ budgetTokens: 24_576 })
    const small = settle('claudeBudget', { budgetTokens: 200 }, { from: 'gemini' })
    expect(small.reasoning).toEqual({ mode: 'enabled', budgetTokens: 1024 })
    expect([...warned(large), ...warned(small)]).toEqual(['reasoning.budgetTokens', 'reasoning.budgetTokens'])
  })

  test('of Gemini that means "the model decides" leaves it to the model', () => {
    expect(settle('claudeBudget', { budgetTokens: -1 }, { from: 'gemini' }).request).not.toHaveProperty(
      'reasoning',
    )
    expect(settle('effort', { budgetTokens: -1 }, { from: 'gemini' }).request).not.toHaveProperty('reasoning')
    expect(settle('adaptive', { budgetTokens: -1 }, { from: 'gemini' }).reasoning).toEqual({
      mode: 'adaptive',
    })
  })

  test('beside an effort leaves efforts their word and budgets their number', () => {
    const both = { mode: 'enabled', budgetTokens: 3_000, effort: 'high' } as const
    expect(settle('effort', both).reasoning).toEqual({ effort: 'high' })
    expect(settle('geminiFlash', both, { from: 'anthropic-messages' }).reasoning).toEqual({
      budgetTokens: 3_000,
    })
  })
})

describe('thinking that is disabled', () => {
  test('is off at every target that can be off', () => {
    const off = { mode: 'disabled' } as const
    expect(settle('effort', off).reasoning).toEqual({ mode: 'disabled', effort: 'none' })
    expect(settle('adaptive', off).reasoning).toEqual({ mode: 'disabled' })
    expect(settle('claudeBudget', off).reasoning).toEqual({ mode: 'disabled' })
    expect(settle('geminiFlash', off).reasoning).toEqual({ mode: 'disabled', budgetTokens: 0 })
    expect(settle('effort', { mode: 'disabled', effort: 'high' }).reasoning).toMatchObject({ effort: 'none' })
    expect(
      settle('claudeBudget', { budgetTokens: 0, mode: 'disabled' }, { from: 'gemini' }).reasoning,
    ).toEqual(off)
  })

  test('is the weakest elsewhere, with a warning', () => {
    const stubborn = { ...capabilityOf.effort, efforts: ['low', 'medium', 'high'], canDisable: false }
    const result = settle('effort', { mode: 'disabled' }, { capabilities: { reasoning: stubborn } })
    expect(result.reasoning).toEqual({ effort: 'low' })
    expect(result.warnings).toMatchObject([{ code: 'approximated', path: 'reasoning.mode' }])
    const adaptive = { ...capabilityOf.adaptive, canDisable: false }
    expect(
      settle('adaptive', { mode: 'disabled' }, { capabilities: { reasoning: adaptive } }).reasoning,
    ).toEqual({ mode: 'adaptive', effort: 'low' })
  })
})

describe('adaptive thinking', () => {
  test('leaves the amount to the target', () => {
    const adaptive = { mode: 'adaptive' } as const
    expect(settle('effort', adaptive).request).not.toHaveProperty('reasoning')
    expect(settle('level', adaptive, { from: 'anthropic-messages' }).request).not.toHaveProperty('reasoning')
    expect(settle('geminiFlash', adaptive, { from: 'anthropic-messages' }).reasoning).toEqual({
      budgetTokens: -1,
    })
    expect(settle('effort', { mode: 'adaptive', effort: 'max' }).reasoning).toEqual({ effort: 'max' })
  })

  test('between tools is adaptive elsewhere, with a warning', () => {
    const result = settle('effort', {
      mode: 'adaptive',
      effort: 'high',
      extensions: { 'anthropic-messages': { thinking: { type: 'between_tools' } } },
    })
    expect(result.reasoning).toMatchObject({ effort: 'high' })
    expect(warned(result)).toEqual(['reasoning.mode'])
  })
})

describe('readable thoughts', () => {
  test('are asked for in the target’s word', () => {
    const shown = { mode: 'enabled', budgetTokens: 2_000, display: 'summarized' } as const
    expect(settle('effort', shown).reasoning).toMatchObject({ display: 'auto' })
    expect(settle('geminiFlash', shown, { from: 'anthropic-messages' }).reasoning).toMatchObject({
      display: 'summarized',
    })
    expect(settle('adaptive', { effort: 'low', display: 'auto' }).reasoning).toMatchObject({
      display: 'summarized',
    })
  })

  test('are refused in the target’s word', () => {
    const hidden = { mode: 'adaptive', effort: 'low', display: 'none' } as const
    expect(settle('effort', hidden).reasoning).toEqual({ effort: 'low' })
    expect(settle('level', hidden, { from: 'anthropic-messages' }).reasoning).toEqual({
      effort: 'low',
      display: 'none',
    })
    expect(settle('adaptive', { ...hidden, mode: 'enabled' }, { from: 'gemini' }).reasoning).toMatchObject({
      display: 'none',
    })
  })

  test('in a manner that one vendor alone has come with a warning', () => {
    expect(warned(settle('adaptive', { effort: 'low', display: 'detailed' }))).toEqual(['reasoning.display'])
    expect(warned(settle('effort', { mode: 'adaptive', display: 'updates' }))).toEqual(['reasoning.display'])
  })

  test('are not asked for where there are none', () => {
    const mute = { ...capabilityOf.effort, readable: false }
    const result = settle(
      'effort',
      { effort: 'low', display: 'summarized' },
      { to: 'openai-chat', from: 'anthropic-messages', capabilities: { reasoning: mute } },
    )
    expect(result.reasoning).toEqual({ effort: 'low' })
    expect(warned(result)).toEqual(['reasoning.display'])
    const chatty = settle('effort', { effort: 'low', display: 'auto' }, { to: 'openai-chat' })
    expect(chatty.reasoning).toEqual({ effort: 'low' })
    expect(chatty.warnings).toEqual([])
  })

  test('alone do not switch Anthropic’s thinking on', () => {
    expect(settle('adaptive', { display: 'auto' }).request).not.toHaveProperty('reasoning')
    expect(settle('level', { display: 'auto' }).reasoning).toEqual({ display: 'summarized' })
  })
})

describe('the output limit of Anthropic', () => {
  const run = (effort: string, request: Partial<GenerateRequest>, capabilities: Partial<Capabilities> = {}) =>
    settle('claudeBudget', { effort }, { request, capabilities })

  test('stays above the budget, which goes down with a warning', () => {
    for (const maxOutputTokens of [24_576, 10_000, 3_000, 1_500, 1_025]) {
      const result = run('high', { maxOutputTokens })
      const budget = result.reasoning?.budgetTokens ?? 0
      expect(budget).toBeGreaterThanOrEqual(1024)
      expect(budget).toBeLessThan(maxOutputTokens)
      expect(result.request.maxOutputTokens).toBe(maxOutputTokens)
      expect(warned(result)).toEqual(['reasoning.budgetTokens'])
    }
    expect(run('high', { maxOutputTokens: 24_577 }).warnings).toEqual([])
  })

  test('that leaves no room switches thinking off, with a warning', () => {
    const result = run('low', { maxOutputTokens: 1024 })
    expect(result.reasoning).toEqual({ mode: 'disabled' })
    expect(result.warnings).toMatchObject([{ code: 'dropped', path: 'reasoning.mode' }])
  })

  test('is made large enough where neither the client nor the catalogue has one', () => {
    const context = contextOf(targetOf('anthropic-messages'))
    const { maxOutputTokens: _limit, ...capabilities } = context.target.capabilities
    const target = {
      ...context.target,
      capabilities: { ...capabilities, reasoning: capabilityOf.claudeBudget },
    }
    const given = requestOf('openai-responses', [], { reasoning: { effort: 'high' } })
    const { request } = reasoningSettings.run(given, { ...context, target })
    expect(request.reasoning?.budgetTokens).toBe(24_576)
    expect(request.maxOutputTokens).toBeGreaterThan(24_576)
    expect(context.warnings).toEqual([])
  })

  test('counts for the model’s own maximum as well', () => {
    expect(run('high', {}, { maxOutputTokens: 8_192 }).reasoning?.budgetTokens).toBeLessThan(8_192)
  })
})

test('a forced tool leaves no room for Anthropic’s thoughts', () => {
  const forced: Partial<GenerateRequest> = { toolChoice: { type: 'required' } }
  const result = settle('claudeBudget', { effort: 'high' }, { request: forced })
  expect(result.reasoning).toEqual({ mode: 'disabled' })
  expect(result.warnings).toMatchObject([{ code: 'dropped', path: 'reasoning.mode' }])
  const free = settle('claudeBudget', { effort: 'high' }, { request: { toolChoice: { type: 'auto' } } })
  expect(free.reasoning?.mode).toBe('enabled')
  const able = settle(
    'adaptive',
    { effort: 'high' },
    { request: forced, capabilities: { forcedToolWithReasoning: true } },
  )
  expect(able.reasoning?.mode).toBe('adaptive')
})

test('OpenAI’s pro mode is one step more elsewhere, with a warning', () => {
  const pro = { extensions: { 'openai-responses': { reasoning: { mode: 'pro' } } } }
  const high = settle('adaptive', { effort: 'high' }, { request: pro })
  expect(high.reasoning).toEqual({ mode: 'adaptive', effort: 'xhigh' })
  expect(warned(high)).toEqual(['reasoning.mode'])
  expect(settle('adaptive', {}, { request: pro }).reasoning).toEqual({ mode: 'adaptive', effort: 'high' })
})

test('a request of the target’s own protocol is left alone', () => {
  const result = settle('effort', { effort: 'galactic', display: 'detailed' }, { from: 'openai-responses' })
  expect(result.request).toBe(result.given)
})

describe('settings within the conversation', () => {
  const update = (effort: string): Turn => ({
    role: 'system',
    placement: 'inline',
    parts: [],
    reasoning: { effort },
  })
  const say = (role: 'user' | 'assistant', text: string): Turn => ({ role, parts: [{ type: 'text', text }] })

  test('stay in their place for OpenAI', () => {
    const turns = [
      say('user', 'a'),
      say('assistant', 'b'),
      update('max'),
      { ...say('user', 'c'), reasoning: { effort: 'low' } },
    ]
    const few = { ...capabilityOf.effort, efforts: ['none', 'low', 'high'] }
    const result = settle('effort', { effort: 'high' }, { turns, capabilities: { reasoning: few } })
    expect(result.request.turns.map((turn) => turn.reasoning)).toEqual([
      undefined,
      undefined,
      { effort: 'high' },
      { effort: 'low' },
    ])
    expect(result.reasoning).toEqual({ effort: 'high' })
    expect(result.warnings).toMatchObject([{ code: 'approximated', path: 'turns[2].reasoning' }])
  })

  test('said before the first answer are settings of the request for OpenAI, in every turn', () => {
    const opening = [say('user', 'a'), update('low')]
    const first = settle('effort', { effort: 'high' }, { turns: opening })
    expect([first.request.turns, first.reasoning]).toEqual([[say('user', 'a')], { effort: 'low' }])
    const more = [say('assistant', 'b'), say('user', 'c')]
    const later = settle('effort', { effort: 'high' }, { turns: [...opening, ...more] })
    expect([later.request.turns, later.reasoning]).toEqual([[say('user', 'a'), ...more], { effort: 'low' }])
    expect([...first.warnings, ...later.warnings]).toEqual([])
  })

  test('stay where a newer Anthropic model takes them, and else hold for all', () => {
    const middle = [say('user', 'a'), update('max'), say('assistant', 'b'), say('user', 'c')]
    const options = { turns: middle, capabilities: { midSystem: true } }
    const kept = settle('adaptive', { effort: 'low' }, options)
    expect(kept.request.turns[1]?.reasoning).toEqual({ effort: 'max' })
    expect(kept.reasoning).toEqual({ mode: 'adaptive', effort: 'low' })
    const old = settle('adaptive', { effort: 'low' }, { turns: middle })
    expect(old.request.turns).toEqual([say('user', 'a'), say('assistant', 'b'), say('user', 'c')])
    expect(old.reasoning).toEqual({ mode: 'adaptive', effort: 'max' })
    const first = settle(
      'adaptive',
      {},
      { turns: [update('max'), say('user', 'a')], capabilities: { midSystem: true } },
    )
    expect(first.request.turns).toEqual([say('user', 'a')])
    expect(first.reasoning).toEqual({ mode: 'adaptive', effort: 'max' })
  })

  test('hold for the whole request elsewhere: the last one', () => {
    const turns = [say('user', 'a'), update('low'), say('assistant', 'b'), update('high'), say('user', 'c')]
    const result = settle('level', { effort: 'medium', display: 'auto' }, { turns })
    expect(result.request.turns).toEqual([say('user', 'a'), say('assistant', 'b'), say('user', 'c')])
    expect(result.reasoning).toEqual({ effort: 'high', display: 'summarized' })
    expect(result.warnings).toEqual([])
    const fromClaude = settle(
      'level',
      { mode: 'enabled', budgetTokens: 9_000 },
      {
        turns,
        from: 'anthropic-messages',
      },
    )
    expect(fromClaude.reasoning).toEqual({ effort: 'high' })
    expect(warned(fromClaude)).toEqual(['turns[3].reasoning'])
  })
})

describe('a model that thinks and takes no effort', () => {
  const kimi = { ...capabilityOf.none, onByDefault: true }
  const off = (reasoning: Capabilities['reasoning']) =>
    settle('none', { mode: 'disabled' }, { from: 'anthropic-messages', capabilities: { reasoning } })

  test('is switched off where it has a switch', () => {
    const { reasoning, warnings } = off({ ...kimi, canDisable: true, chatOff: 'thinking' })
    expect(reasoning).toEqual({ mode: 'disabled' })
    expect(warnings).toEqual([])
  })

  test('thinks all the same where it has none, which is told', () => {
    const { reasoning, warnings } = off(kimi)
    expect(reasoning).toBeUndefined()
    expect(warnings).toMatchObject([{ code: 'approximated', feature: 'reasoning off' }])
  })

  test('is not taken for one where that is not known', () => {
    expect(off(capabilityOf.none).warnings).toEqual([])
  })
})
