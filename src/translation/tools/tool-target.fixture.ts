/** Targets, requests and runs for the tests of this folder. */
import type {
  Capabilities,
  GenerateRequest,
  MediaCapability,
  ProtocolId,
  StreamEvent,
  ToolCallPart,
  Warning,
} from '../../ir/index.ts'
import { createLosses } from '../losses.ts'
import type { Pass, Passed, TranslationTarget } from '../pass.ts'
import { toolPasses } from './tool-passes.ts'

const media: MediaCapability = { images: true, imageUrls: true, pdf: true, audio: false, video: false }

const capabilities: Capabilities = {
  minOutputTokens: 1,
  chatLimitField: 'max_completion_tokens',
  sampling: 'free',
  reasoning: { control: 'none', efforts: [], canDisable: false, readable: false },
  prefill: false,
  midSystem: false,
  forcedToolWithReasoning: false,
  strictTools: false,
  jsonSchema: true,
  jsonSchemaWithTools: true,
  serverTools: [],
  serverToolsWithFunctions: true,
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

export const targetOf = (protocol: ProtocolId, more: Partial<Capabilities> = {}): TranslationTarget => ({
  protocol,
  provider: protocol,
  credential: 'cred_1',
  model: 'model',
  capabilities: { ...capabilities, ...more },
})

export const requestOf = (protocol: ProtocolId, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  protocol,
  model: 'asked',
  stream: false,
  turns: [],
  tools: [],
  sampling: {},
  ...more,
})

export interface Run {
  readonly request: GenerateRequest
  readonly warnings: readonly Warning[]
  /** Events of one answer through the machines of the passes, last pass first. */
  answer(events: readonly StreamEvent[]): readonly StreamEvent[]
}

/** @throws GatewayError where a pass refuses, as the gateway does */
export const runPasses = (
  passes: readonly Pass[],
  given: GenerateRequest,
  target: TranslationTarget,
  options: { readonly strict?: boolean } = {},
): Run => {
  const losses = createLosses({
    target: 'the target',
    fieldPath: (path) => path,
    strict: options.strict === true,
  })
  const { warn, refuse } = losses
  const answers: NonNullable<Passed['answer']>[] = []
  let request = given
  for (const pass of passes) {
    const passed = pass.run(request, { organisation: 'org', target, warn, refuse })
    request = passed.request
    if (passed.answer !== undefined) answers.unshift(passed.answer)
  }
  return {
    request,
    warnings: losses.list,
    answer: (events) =>
      answers.reduce<readonly StreamEvent[]>((current, create) => {
        const machine = create()
        return [...current.flatMap((event) => machine.push(event)), ...machine.end()]
      }, events),
  }
}

export const runAll = (given: GenerateRequest, target: TranslationTarget, options = {}): Run =>
  runPasses(toolPasses({ repair: false }), given, target, options)

/** A call as a stream says it, its arguments in pieces. */
export const callEvents = (
  part: Partial<ToolCallPart> & { readonly name: string },
  pieces: readonly string[],
  index = 0,
): readonly StreamEvent[] => [
  {
    type: 'tool-call-start',
    index,
    part: { type: 'tool-call', kind: 'function', input: '', ...part },
  },
  ...pieces.map((input): StreamEvent => ({ type: 'tool-call-delta', index, input })),
  { type: 'tool-call-end', index },
]

/** What a caller of `refuse` says, for expectations. */
export const refusalOf = (run: () => unknown): { readonly message: string; readonly param: unknown } => {
  try {
    run()
  } catch (error) {
    if (error instanceof Error)
      return { message: error.message, param: 'param' in error ? error.param : undefined }
  }
  return { message: 'nothing was refused', param: undefined }
}
