import type { GenerateRequest, StreamEvent } from '../ir/index.ts'
import type { EncodedRequest, TargetContext } from '../protocols/index.ts'
import type { Machine } from '../wire/index.ts'
import type { Losses } from './losses.ts'
import type { Pass, TranslationTarget } from './pass.ts'

/** A request in the target's protocol, and how its answer finds back. */
export interface TranslatedRequest {
  /** What goes to the target. */
  readonly sent: EncodedRequest
  /** What the client asked for, before any pass: answers echo it. */
  readonly asked: GenerateRequest
  /** Fresh machines for one answer, in the order in which its events take them. */
  readonly answerMachines: () => readonly Machine<StreamEvent, StreamEvent>[]
}

export interface TranslateRequestParts {
  readonly upstream: {
    encodeRequest(request: GenerateRequest, target: TargetContext): EncodedRequest
  }
  readonly organisation: string
  readonly target: TranslationTarget
  readonly passes: readonly Pass[]
  readonly losses: Losses
}

/**
 * Takes a decoded request through all passes and writes it for the target.
 * @throws GatewayError `gateway_translation_unsupported` for what must not be lost, or in strict mode for any loss
 */
export const translateRequest = (asked: GenerateRequest, parts: TranslateRequestParts): TranslatedRequest => {
  const { organisation, target, losses, upstream } = parts
  const { warn, refuse } = losses
  const answers: (() => Machine<StreamEvent, StreamEvent>)[] = []
  let request = asked
  for (const pass of parts.passes) {
    const passed = pass.run(request, { organisation, target, asked, warn, refuse })
    request = passed.request
    if (passed.answer !== undefined) answers.unshift(passed.answer)
  }
  const sent = upstream.encodeRequest(request, targetContext(request, target))
  for (const { code, feature, path, reason } of sent.warnings) warn(code, feature, path, reason)
  losses.sent()
  return { sent, asked, answerMachines: () => answers.map((answer) => answer()) }
}

const targetContext = (request: GenerateRequest, target: TranslationTarget): TargetContext => ({
  model: target.model,
  stream: request.stream,
  ...(target.capabilities.maxOutputTokens === undefined
    ? {}
    : { maxOutputTokens: target.capabilities.maxOutputTokens }),
  capabilities: target.capabilities,
  provider: target.provider,
})
