import type { Capabilities, GenerateRequest, ProtocolId, StreamEvent, Warning } from '../../ir/index.ts'
import { collect, replay } from '../../ir/index.ts'
import { createLosses } from '../losses.ts'
import type { Pass, Passed, TranslationContext } from '../pass.ts'

/** A model that takes everything, for tests that say what theirs does not. */
export const everything: Capabilities = {
  minOutputTokens: 1,
  chatLimitField: 'max_completion_tokens',
  sampling: 'free',
  reasoning: { control: 'none', efforts: [], canDisable: true, readable: true, onByDefault: false },
  prefill: true,
  midSystem: true,
  forcedToolWithReasoning: true,
  strictTools: true,
  jsonSchema: true,
  jsonSchemaWithTools: true,
  serverTools: [],
  serverToolsWithFunctions: true,
  customTools: true,
  input: { images: true, imageUrls: true, pdf: true, audio: true, video: true },
  toolResults: { images: true, imageUrls: true, pdf: true, audio: true, video: true },
  callIds: true,
  signaturesEnforced: false,
  reasoningTextInHistory: false,
  developerRole: true,
  stopSequences: 4,
  candidates: 8,
  logprobs: true,
  seed: true,
  penalties: true,
  cache: 'breakpoints',
  cacheKey: true,
  verbosity: true,
}

export interface Ran extends Passed {
  readonly warnings: readonly Warning[]
}

/** Runs one pass for a target. */
export const runPass = (
  pass: Pass,
  request: GenerateRequest,
  protocol: ProtocolId,
  capabilities: Partial<Capabilities> = {},
  options: { readonly provider?: string; readonly strict?: boolean } = {},
): Ran => {
  const losses = createLosses({
    target: 'the provider p',
    fieldPath: (path) => path,
    strict: options.strict ?? false,
  })
  const context: TranslationContext = {
    organisation: 'o',
    target: {
      protocol,
      provider: options.provider ?? 'p',
      credential: 'c',
      model: 'm',
      capabilities: { ...everything, ...capabilities },
    },
    warn: losses.warn,
    refuse: losses.refuse,
  }
  return { ...pass.run(request, context), warnings: losses.list }
}

export const requestOf = (protocol: ProtocolId, members: Partial<GenerateRequest> = {}): GenerateRequest => ({
  protocol,
  model: 'asked',
  stream: false,
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'hello' }] }],
  tools: [],
  sampling: {},
  ...members,
})

/** What a client reads of a text that the model writes in these pieces. */
export const readThrough = (
  answer: Passed['answer'],
  pieces: readonly string[],
): { readonly events: readonly StreamEvent[]; readonly text: string; readonly finish: unknown } => {
  const machine = answer?.()
  const said: StreamEvent[] = [
    { type: 'start', model: 'm' },
    { type: 'text-start', index: 0, part: { type: 'text', text: '' } },
    ...pieces.map((text): StreamEvent => ({ type: 'text-delta', index: 0, text })),
    { type: 'text-end', index: 0 },
    { type: 'finish', finish: { reason: 'end' } },
    { type: 'usage', usage: { inputTokens: 3, outputTokens: 5 } },
    { type: 'end' },
  ]
  const events =
    machine === undefined ? said : [...said.flatMap((event) => machine.push(event)), ...machine.end()]
  const [choice] = collect('openai-chat', events).response.choices
  const text = choice?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? ''
  return { events, text, finish: choice?.finish }
}

export { collect, replay }
