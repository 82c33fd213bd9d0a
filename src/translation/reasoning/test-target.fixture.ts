/** Targets and contexts for the tests of this folder. */
import { createSecretKey } from 'node:crypto'
import type {
  Capabilities,
  GenerateRequest,
  MediaCapability,
  ProtocolId,
  ReasoningCapability,
  Warning,
} from '../../ir/index.ts'
import { createStateKeys } from '../../sessions/index.ts'
import type { TranslationContext, TranslationTarget } from '../pass.ts'

export const keysOf = createStateKeys((organisation) => createSecretKey(Buffer.alloc(32, organisation)))

const media: MediaCapability = { images: true, imageUrls: true, pdf: true, audio: false, video: false }

export const allEfforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/** What each kind of model takes. */
export const capabilityOf = {
  none: { control: 'none', efforts: [], canDisable: false, readable: false },
  effort: { control: 'effort', efforts: allEfforts, canDisable: true, readable: true },
  adaptive: {
    control: 'adaptive',
    efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
    canDisable: true,
    readable: true,
  },
  claudeBudget: {
    control: 'budget',
    efforts: [],
    minBudget: 1024,
    maxBudget: 63_999,
    canDisable: true,
    readable: true,
  },
  level: {
    control: 'level',
    efforts: ['minimal', 'low', 'medium', 'high'],
    canDisable: false,
    readable: true,
  },
  geminiFlash: {
    control: 'budget',
    efforts: [],
    minBudget: 0,
    maxBudget: 24_576,
    canDisable: true,
    readable: true,
  },
  geminiPro: {
    control: 'budget',
    efforts: [],
    minBudget: 128,
    maxBudget: 32_768,
    canDisable: false,
    readable: true,
  },
} as const satisfies Readonly<Record<string, ReasoningCapability>>

const plain: Capabilities = {
  minOutputTokens: 1,
  chatLimitField: 'max_completion_tokens',
  maxOutputTokens: 64_000,
  sampling: 'free',
  reasoning: capabilityOf.none,
  prefill: false,
  midSystem: false,
  forcedToolWithReasoning: false,
  strictTools: false,
  jsonSchema: true,
  jsonSchemaWithTools: true,
  serverTools: [],
  serverToolsWithFunctions: false,
  customTools: false,
  input: media,
  toolResults: media,
  callIds: false,
  signaturesEnforced: false,
  reasoningTextInHistory: false,
  developerRole: false,
  stopSequences: 4,
  candidates: 1,
  logprobs: false,
  seed: false,
  penalties: false,
  cache: 'implicit',
  cacheKey: false,
  verbosity: false,
}

const models: Readonly<Record<ProtocolId, string>> = {
  'anthropic-messages': 'claude-sonnet-4-5',
  'openai-responses': 'gpt-5.1',
  'openai-chat': 'deepseek-reasoner',
  'openai-embeddings': 'none',
  gemini: 'gemini-3-pro-preview',
}

export interface TargetOptions extends Partial<Omit<TranslationTarget, 'capabilities'>> {
  readonly capabilities?: Partial<Capabilities>
}

export const targetOf = (protocol: ProtocolId, options: TargetOptions = {}): TranslationTarget => ({
  protocol,
  provider: protocol,
  credential: 'cred_1',
  model: models[protocol],
  ...options,
  capabilities: { ...plain, reasoning: capabilityOf.effort, ...options.capabilities },
})

export const contextOf = (
  target: TranslationTarget,
  organisation = 'org_a',
): TranslationContext & { readonly warnings: Warning[] } => {
  const warnings: Warning[] = []
  return {
    organisation,
    target,
    warnings,
    warn: (code, feature, path, reason) => warnings.push({ code, feature, path, reason }),
    refuse: (feature) => {
      throw new Error(`refused ${feature}`)
    },
  }
}

export const requestOf = (
  protocol: ProtocolId,
  turns: GenerateRequest['turns'],
  more: Partial<GenerateRequest> = {},
): GenerateRequest => ({ protocol, model: 'asked', stream: false, turns, tools: [], sampling: {}, ...more })
