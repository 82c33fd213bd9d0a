import { extensionOf, type GenerateRequest, type OutputFormat, type Sampling } from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import type { TargetContext } from '../protocol.ts'
import type { Losses } from './losses.ts'
import { encodeThinking } from './thinking.ts'

/** How many stop strings the wire takes. */
const mostStops = 5

/** Members of `generationConfig`. */
export const encodeSettings = (
  request: GenerateRequest,
  target: TargetContext,
  losses: Losses,
): Readonly<Record<string, unknown>> => {
  const isForeign = request.protocol !== 'gemini'
  const sampling = isForeign ? adopted(request.sampling, losses) : request.sampling
  return {
    temperature: sampling.temperature,
    topP: sampling.topP,
    topK: sampling.topK,
    seed: sampling.seed,
    presencePenalty: sampling.presencePenalty,
    frequencyPenalty: sampling.frequencyPenalty,
    stopSequences: sampling.stop,
    candidateCount: sampling.candidates,
    responseLogprobs: sampling.logprobs,
    logprobs: sampling.topLogprobs,
    maxOutputTokens: request.maxOutputTokens,
    thinkingConfig: request.reasoning && encodeThinking(request.reasoning, { target, isForeign, losses }),
    ...(request.output === undefined ? {} : encodeOutput(request.output, isForeign)),
  }
}

/** The ranges of another protocol's sampling, in this one's. */
const adopted = (
  sampling: Sampling,
  losses: Losses,
): { readonly [K in keyof Sampling]: Sampling[K] | undefined } => {
  const stop = sampling.stop?.slice(0, mostStops)
  if (stop !== undefined && stop.length < (sampling.stop?.length ?? 0)) {
    losses.add('dropped', 'stop strings', 'sampling.stop', `at most ${mostStops} are possible`)
  }
  return {
    ...sampling,
    stop: stop?.length === 0 ? undefined : stop,
    presencePenalty: penalty(sampling.presencePenalty),
    frequencyPenalty: penalty(sampling.frequencyPenalty),
    // How many is refused where nobody asked for any.
    topLogprobs: sampling.logprobs === true ? sampling.topLogprobs : undefined,
  }
}

/** The upper end of the range is excluded here and included elsewhere. */
const penalty = (value: number | undefined): number | undefined =>
  value !== undefined && value >= 2 ? 1.99 : value

const encodeOutput = (output: OutputFormat, isForeign: boolean): Readonly<Record<string, unknown>> => {
  const own = extensionOf(output, 'gemini')
  if (Object.keys(own).length > 0) return own
  const schema = output.schema === undefined ? undefined : rawJson(output.schema)
  switch (output.type) {
    case 'json':
      return { responseMimeType: 'application/json' }
    case 'json-schema':
      return { responseMimeType: 'application/json', responseJsonSchema: schema }
    case 'enum':
      return { responseMimeType: 'text/x.enum', responseJsonSchema: schema }
    case 'text':
      return isForeign ? {} : { responseMimeType: 'text/plain' }
  }
}
