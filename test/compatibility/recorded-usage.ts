import type { CorpusFolder, CorpusRecord } from '../support/corpus.ts'

/** Canonical counters of one exchange; those that nobody reported are absent. */
export type Counters = Readonly<Record<string, number>>

/** How a recorded answer ended, by the protocol's own proof of completeness. */
export type Ending = 'complete' | 'failed' | 'cut'

type Json = Readonly<Record<string, unknown>>

/**
 * What a recorded answer says was used: read from the record's own fields and not by the gateway's meters, so that
 * the two can be compared. Undefined where it reports nothing.
 */
export const recordedUsage = (record: CorpusRecord): Counters | undefined => {
  const events = eventsOf(record)
  const counters = present(countersOf[record.folder](events))
  return Object.keys(counters).length === 0 ? undefined : counters
}

/** Whole answers are complete or failed; a stream must prove which. */
export const recordedEnding = (record: CorpusRecord): Ending => {
  const events = eventsOf(record)
  if (events.some(isFailure)) return 'failed'
  if (!record.stream || events.some(isLast[record.folder])) return 'complete'
  return record.frames.some((frame) => frame.data === '[DONE]') ? 'complete' : 'cut'
}

const eventsOf = (record: CorpusRecord): readonly Json[] => {
  const texts = record.stream ? record.frames.map((frame) => frame.data) : [record.response?.text ?? '']
  return texts.flatMap((text) => {
    const value = parse(text)
    return Array.isArray(value) ? value.filter(isObject) : isObject(value) ? [value] : []
  })
}

const isFailure = (event: Json): boolean =>
  event['type'] === 'error' ||
  event['type'] === 'response.failed' ||
  isObject(event['error']) ||
  (event['object'] === 'response' && event['status'] === 'failed')

const isLast: Readonly<Record<CorpusFolder, (event: Json) => boolean>> = {
  anthropic: (event) => event['type'] === 'message_stop',
  chat: (event) =>
    list(event['choices']).some((choice) => typeof object(choice)['finish_reason'] === 'string'),
  responses: (event) => event['type'] === 'response.completed' || event['type'] === 'response.incomplete',
  gemini: (event) =>
    list(event['candidates']).some((candidate) => object(candidate)['finishReason'] !== undefined) ||
    object(event['promptFeedback'])['blockReason'] !== undefined,
}

type Found = Readonly<Record<string, number | undefined>>

const countersOf: Readonly<Record<CorpusFolder, (events: readonly Json[]) => Found>> = {
  anthropic(events) {
    let usage: Json = {}
    let whole: Json = {}
    for (const event of events) {
      const told = event['type'] === 'message_start' ? object(event['message'])['usage'] : event['usage']
      for (const [name, value] of Object.entries(object(told))) {
        if (value !== null) usage = { ...usage, [name]: value }
      }
      whole = object(told)['cache_creation'] === undefined ? whole : object(object(told)['cache_creation'])
    }
    const input = number(usage['input_tokens'])
    const read = number(usage['cache_read_input_tokens'])
    const long = number(whole['ephemeral_1h_input_tokens'])
    const written = number(usage['cache_creation_input_tokens'])
    const short =
      written === undefined ? number(whole['ephemeral_5m_input_tokens']) : Math.max(0, written - (long ?? 0))
    const tools = object(usage['server_tool_use'])
    return {
      inputTokens: input === undefined ? undefined : input + (read ?? 0) + (short ?? 0) + (long ?? 0),
      outputTokens: number(usage['output_tokens']),
      cacheReadTokens: read,
      cacheWriteTokens: short,
      cacheWriteLongTokens: long,
      reasoningTokens: number(object(usage['output_tokens_details'])['thinking_tokens']),
      webSearches: number(tools['web_search_requests']),
      webFetches: number(tools['web_fetch_requests']),
    }
  },
  chat(events) {
    const usage = object(events.findLast((event) => isObject(event['usage']))?.['usage'])
    const read = object(usage['prompt_tokens_details'])
    const written = object(usage['completion_tokens_details'])
    const input = number(usage['prompt_tokens'])
    const output = number(usage['completion_tokens'])
    const total = number(usage['total_tokens'])
    const reasoning = number(written['reasoning_tokens']) ?? number(usage['reasoning_tokens'])
    // Some compatible servers leave reasoning out of the completion; the total gives them away.
    const apart = total !== undefined && reasoning !== undefined && total === sum(input, output) + reasoning
    return {
      inputTokens: input,
      outputTokens: apart && reasoning > 0 ? (output ?? 0) + reasoning : output,
      cacheReadTokens:
        number(read['cached_tokens']) ??
        number(usage['prompt_cache_hit_tokens']) ??
        number(usage['num_cached_tokens']) ??
        number(usage['cached_tokens']) ??
        number(usage['cache_read_input_tokens']),
      cacheWriteTokens:
        number(read['cache_write_tokens']) ??
        number(read['cache_creation_input_tokens']) ??
        number(usage['cache_creation_input_tokens']),
      reasoningTokens: reasoning,
      inputAudioTokens: number(read['audio_tokens']),
      inputImageTokens: number(read['image_tokens']),
      outputAudioTokens: number(written['audio_tokens']),
      outputImageTokens: number(written['image_tokens']),
    }
  },
  responses(events) {
    const told = events.map((event) => (isObject(event['response']) ? event['response'] : event))
    const last = told.findLast((one) => isObject(one['usage']))
    const usage = object(last?.['usage'])
    const read = object(usage['input_tokens_details'])
    const written = object(usage['output_tokens_details'])
    const kept = object(read['cache_write_tokens_details'])
    return {
      inputTokens: number(usage['input_tokens']),
      outputTokens: number(usage['output_tokens']),
      cacheReadTokens: number(read['cached_tokens']),
      cacheWriteTokens: number(kept['ttl_30m_tokens']) ?? number(read['cache_write_tokens']),
      cacheWriteLongTokens: number(kept['ttl_12h_tokens']),
      reasoningTokens: number(written['reasoning_tokens']),
      inputAudioTokens: number(read['audio_tokens']),
      inputImageTokens: number(read['image_tokens']),
      outputAudioTokens: number(written['audio_tokens']),
      outputImageTokens: number(written['image_tokens']),
      webSearches:
        number(object(object(last?.['tool_usage'])['web_search'])['num_requests']) ??
        number(object(usage['server_side_tool_usage_details'])['web_search_calls']),
    }
  },
  gemini(events) {
    let usage: Json = {}
    for (const event of events) usage = { ...usage, ...object(event['usageMetadata']) }
    const searches = events.flatMap((event) => list(event['candidates'])).map(searchesIn)
    const toolPrompt = number(usage['toolUsePromptTokenCount'])
    const thoughts = number(usage['thoughtsTokenCount'])
    const prompt = number(usage['promptTokenCount'])
    const answer = number(usage['candidatesTokenCount'])
    return {
      inputTokens: prompt === undefined && toolPrompt === undefined ? undefined : sum(prompt, toolPrompt),
      outputTokens: answer === undefined && thoughts === undefined ? undefined : sum(answer, thoughts),
      cacheReadTokens: number(usage['cachedContentTokenCount']),
      reasoningTokens: thoughts,
      toolPromptTokens: toolPrompt,
      inputAudioTokens: modality(usage['promptTokensDetails'], 'AUDIO'),
      inputImageTokens: modality(usage['promptTokensDetails'], 'IMAGE'),
      outputAudioTokens: modality(usage['candidatesTokensDetails'], 'AUDIO'),
      outputImageTokens: modality(usage['candidatesTokensDetails'], 'IMAGE'),
      webSearches: searches.findLast((count) => count > 0),
    }
  },
}

const searchesIn = (candidate: unknown): number =>
  list(object(object(candidate)['groundingMetadata'])['webSearchQueries']).length

/** The enum travels as a word or, with `enum-encoding=int`, as a number. */
const modalityNumbers: Readonly<Record<string, number>> = { IMAGE: 2, AUDIO: 4 }

const modality = (details: unknown, name: string): number | undefined => {
  const found = list(details).filter((detail) => {
    const said = object(detail)['modality']
    return said === name || said === modalityNumbers[name]
  })
  if (found.length === 0) return undefined
  return found.reduce<number>((total, detail) => total + (number(object(detail)['tokenCount']) ?? 0), 0)
}

const present = (found: Found): Counters =>
  Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, number] => entry[1] !== undefined),
  )

const sum = (one: number | undefined, other: number | undefined): number => (one ?? 0) + (other ?? 0)

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const object = (value: unknown): Json => (isObject(value) ? value : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
