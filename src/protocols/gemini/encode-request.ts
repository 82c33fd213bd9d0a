import {
  extensionOf,
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type OutputFormat,
  type Turn,
} from '../../ir/index.ts'
import { rawJson, writeJson } from '../../wire/index.ts'
import type { EncodedRequest, TargetContext } from '../protocol.ts'
import { emptyNote, versionNote } from './decode-request.ts'
import { encodeToolChoice, encodeTools } from './encode-tools.ts'
import { encodeTurns } from './encode-turns.ts'
import { type Losses, losses } from './losses.ts'
import { writeMembers } from './read-object.ts'
import { encodeThinking } from './thinking.ts'

/** A canonical request in Gemini's words. The model and the choice of streaming stand in the path. */
export const encodeRequest = (request: GenerateRequest, target: TargetContext): EncodedRequest => {
  const lost = losses()
  const fromGemini = request.protocol === 'gemini'
  const extension = extensionOf(request, 'gemini')
  const isPreamble = (turn: Turn) => turn.role === 'system' && turn.placement !== 'inline'
  const preamble = request.turns.filter(isPreamble)
  const tools = encodeTools(request.tools, lost)
  if (!fromGemini) noteLosses(request, lost)
  const known = {
    systemInstruction: encodeSystem(preamble),
    contents: encodeTurns(request, lost),
    tools: tools.length === 0 ? undefined : tools,
    toolConfig: withInner(
      { functionCallingConfig: request.toolChoice && encodeToolChoice(request.toolChoice) },
      extension['$toolConfig'],
    ),
    generationConfig: withInner(settingsOf(request, target, lost), extension['$generationConfig']),
    serviceTier: fromGemini ? request.serviceTier : tierOf(request.serviceTier),
    store: request.store,
  }
  const version = extension[versionNote]
  const method = target.stream ? ':streamGenerateContent?alt=sse' : ':generateContent'
  const model = target.model.split('/').map(encodeURIComponent).join('/')
  return {
    path: `/${typeof version === 'string' ? version : 'v1beta'}/models/${model}${method}`,
    body: writeJson(writeMembers(known, extension)),
    headers: { 'content-type': 'application/json' },
    warnings: lost.warnings,
  }
}

/** An inner object with what the extension kept of it; absent when it would say nothing, unless the source had it. */
const withInner = (known: Readonly<Record<string, unknown>>, rest: unknown): object | undefined => {
  const extension: JsonObject = isJsonObject(rest) ? rest : {}
  const members = writeMembers(known, extension)
  return Object.keys(members).length > 0 || extension[emptyNote] === true ? members : undefined
}

const encodeSystem = (turns: readonly Turn[]): unknown => {
  const [only] = turns
  if (only === undefined) return undefined
  if (turns.length === 1 && only.form === 'string' && only.parts[0]?.type === 'text')
    return only.parts[0].text
  const parts = turns.flatMap((turn) =>
    turn.parts.flatMap((part): object[] => {
      if (part.raw?.protocol === 'gemini') return [rawJson(part.raw.json)]
      return part.type === 'text' ? [writeMembers({ text: part.text }, extensionOf(part, 'gemini'))] : []
    }),
  )
  return writeMembers({ parts }, extensionOf(only, 'gemini'))
}

const settingsOf = (
  request: GenerateRequest,
  target: TargetContext,
  lost: Losses,
): Readonly<Record<string, unknown>> => {
  const { sampling } = request
  const fromGemini = request.protocol === 'gemini'
  // The upper end of the penalties' range is excluded here and included elsewhere.
  const penalty = (value: number | undefined) => (value === 2 && !fromGemini ? 1.99 : value)
  const stops = fromGemini ? sampling.stop : sampling.stop?.slice(0, 5)
  if (sampling.stop !== undefined && stops !== undefined && stops.length < sampling.stop.length) {
    lost.add('dropped', 'stop', 'stop', 'at most five stop strings are possible')
  }
  return {
    temperature: sampling.temperature,
    topP: sampling.topP,
    topK: sampling.topK,
    seed: sampling.seed,
    presencePenalty: penalty(sampling.presencePenalty),
    frequencyPenalty: penalty(sampling.frequencyPenalty),
    stopSequences: stops,
    candidateCount: sampling.candidates,
    responseLogprobs: sampling.logprobs,
    logprobs: sampling.topLogprobs,
    maxOutputTokens: request.maxOutputTokens,
    thinkingConfig:
      request.reasoning &&
      encodeThinking(request.reasoning, { model: target.model, fromGemini, losses: lost }),
    ...(request.output === undefined ? {} : encodeOutput(request.output)),
  }
}

const encodeOutput = (output: OutputFormat): Readonly<Record<string, unknown>> => {
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
      return { responseMimeType: 'text/plain' }
  }
}

const tierOf = (tier: string | undefined): string | undefined => {
  switch (tier) {
    case 'flex':
    case 'priority':
      return tier
    case 'default':
    case 'standard_only':
      return 'standard'
    case 'fast':
    case 'ultrafast':
      return 'priority'
    default:
      return undefined
  }
}

/** What Gemini has no word for (translation.md §3). */
const noteLosses = (request: GenerateRequest, lost: Losses): void => {
  const unsayable: readonly (readonly [string, unknown])[] = [
    ['parallelToolCalls', request.parallelToolCalls === false ? false : undefined],
    ['logitBias', request.sampling.logitBias],
    ['verbosity', request.verbosity],
    ['metadata', request.metadata],
    ['previousResponseId', request.previousResponseId],
    ['conversation', request.conversation],
    ['background', request.background],
    ['promptCacheKey', request.promptCacheKey],
    ['cache', request.cache],
  ]
  for (const [feature, value] of unsayable) {
    if (value !== undefined) lost.add('dropped', feature, feature, 'the target protocol has no such setting')
  }
}
