import { isJsonObject, type JsonObject, type Usage } from '../../ir/index.ts'
import { asNumber, readObject } from './read-object.ts'

/**
 * `usageMetadata` → canonical counters: tool prompts count as input, thoughts as output (translation.md §12).
 * Undefined when it holds no counter.
 */
export const decodeUsage = (metadata: unknown): Usage | undefined => {
  if (!isJsonObject(metadata)) return undefined
  const reader = readObject(metadata)
  const prompt = reader.number('promptTokenCount')
  const toolPrompt = reader.number('toolUsePromptTokenCount')
  const candidates = reader.number('candidatesTokenCount')
  const thoughts = reader.number('thoughtsTokenCount')
  const cached = reader.number('cachedContentTokenCount')
  const promptDetails = reader.list('promptTokensDetails')
  const answerDetails = reader.list('candidatesTokensDetails')
  const usage = present({
    inputTokens: sum(prompt, toolPrompt),
    outputTokens: sum(candidates, thoughts),
    cacheReadTokens: cached,
    reasoningTokens: thoughts,
    toolPromptTokens: toolPrompt,
    inputAudioTokens: ofModality(promptDetails, 'AUDIO'),
    inputImageTokens: ofModality(promptDetails, 'IMAGE'),
    outputAudioTokens: ofModality(answerDetails, 'AUDIO'),
    outputImageTokens: ofModality(answerDetails, 'IMAGE'),
  })
  return Object.keys(usage).length === 0 ? undefined : usage
}

/** How many web searches the candidates' grounding tells of; undefined when it tells of none. */
export const countSearches = (chunk: JsonObject): number | undefined => {
  const candidates = chunk['candidates']
  if (!Array.isArray(candidates)) return undefined
  let count = 0
  for (const candidate of candidates) {
    if (!isJsonObject(candidate)) continue
    const grounding = readObject(candidate).object('groundingMetadata')
    const queries = grounding === undefined ? undefined : readObject(grounding).list('webSearchQueries')
    count += queries?.length ?? 0
  }
  return count === 0 ? undefined : count
}

/** All counters of a whole answer or of one chunk. */
export const usageOf = (chunk: JsonObject): Usage | undefined => {
  const usage = decodeUsage(readObject(chunk).take('usageMetadata'))
  const webSearches = countSearches(chunk)
  return webSearches === undefined ? usage : { ...usage, webSearches }
}

/** Canonical counters → `usageMetadata`. Cache writes have no counter here. */
export const encodeUsage = (usage: Usage): JsonObject => {
  const { inputTokens, outputTokens, reasoningTokens, toolPromptTokens } = usage
  const prompt = minus(inputTokens, toolPromptTokens)
  const candidates = minus(outputTokens, reasoningTokens)
  return {
    ...countersOf(usage),
    ...detailsOf('promptTokensDetails', prompt, usage.inputAudioTokens, usage.inputImageTokens),
    ...detailsOf('candidatesTokensDetails', candidates, usage.outputAudioTokens, usage.outputImageTokens),
  }
}

/** Tokens by modality, where more than text is known of; what is neither sound nor picture counts as text. */
const detailsOf = (
  name: string,
  total: number | undefined,
  audio: number | undefined,
  image: number | undefined,
): JsonObject => {
  if (audio === undefined && image === undefined) return {}
  const text = (total ?? 0) - (audio ?? 0) - (image ?? 0)
  return {
    [name]: [
      ...(text > 0 ? [{ modality: 'TEXT', tokenCount: text }] : []),
      ...(image === undefined ? [] : [{ modality: 'IMAGE', tokenCount: image }]),
      ...(audio === undefined ? [] : [{ modality: 'AUDIO', tokenCount: audio }]),
    ],
  }
}

const countersOf = (usage: Usage): JsonObject => {
  const { inputTokens, outputTokens, reasoningTokens, toolPromptTokens } = usage
  return present({
    promptTokenCount: minus(inputTokens, toolPromptTokens),
    cachedContentTokenCount: usage.cacheReadTokens,
    candidatesTokenCount: minus(outputTokens, reasoningTokens),
    toolUsePromptTokenCount: toolPromptTokens,
    thoughtsTokenCount: reasoningTokens,
    totalTokenCount: sum(inputTokens, outputTokens),
  })
}

const sum = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0)

const minus = (total: number | undefined, share: number | undefined): number | undefined =>
  total === undefined ? undefined : Math.max(0, total - (share ?? 0))

/** Numbers of the enum's integer form (`$alt=json;enum-encoding=int`). */
const modalityNumbers: Readonly<Record<string, number>> = {
  TEXT: 1,
  IMAGE: 2,
  VIDEO: 3,
  AUDIO: 4,
  DOCUMENT: 5,
}

const ofModality = (details: readonly unknown[] | undefined, modality: string): number | undefined => {
  let total: number | undefined
  for (const detail of details ?? []) {
    if (!isJsonObject(detail)) continue
    const reader = readObject(detail)
    const name = reader.take('modality')
    if (name !== modality && name !== modalityNumbers[modality]) continue
    total = sum(total, asNumber(reader.take('tokenCount')))
  }
  return total
}

const present = (counters: Readonly<Record<string, number | undefined>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counters).filter((entry): entry is [string, number] => entry[1] !== undefined),
  )
